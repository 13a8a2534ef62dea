import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { RecordedStream } from '../terminal/recorded-stream.ts'
import { anna, approvedBy, newMachine, serveAccounts } from './signed-in-world.ts'

/** A machine that is called `nas` where it signed in, with one file to back up. */
async function signedInMachine() {
  const backend = await serveAccounts()
  const machine = await newMachine()
  await mkdir(join(machine.home, 'DCIM'))
  await writeFile(join(machine.home, 'DCIM/clip.mp4'), 'a clip')
  await machine.login([backend.url], approvedBy(anna))
  return { backend, machine, note: `the remote is ${new URL(backend.url).host}, signed in as anna@example.com\n` }
}

test('sync names the machine as it signed in, unless another name is typed', async () => {
  const { backend, machine } = await signedInMachine()
  const devices = async (): Promise<readonly string[]> => {
    const headers = { authorization: `Bearer ${await backend.accessToken()}` }
    const listed = await (await fetch(`${backend.url}/v1/photos?undated=true`, { headers })).text()
    return [...new Set([...listed.matchAll(/"device":"([^"]+)"/g)].map(([, device = '']) => device))].sort()
  }
  await machine.photos(['sync', join(machine.home, 'DCIM')])
  expect(await devices()).toEqual(['nas'])
  await writeFile(join(machine.home, 'DCIM/other.mp4'), 'another clip')
  await machine.photos(['sync', join(machine.home, 'DCIM'), '--device', 'attic'])
  expect(await devices()).toEqual(['attic', 'nas'])
})

test('pull says whose photos of which remote it brings; for scripts and for who wants it quiet, nothing', async () => {
  const { machine, note } = await signedInMachine()
  const pull = (...flags: readonly string[]) => machine.photos(['pull', '--to', join(machine.home, 'back'), ...flags])
  expect(await pull()).toMatchObject({ exitCode: 0, stderr: note })
  expect(await pull('--quiet')).toEqual({ exitCode: 0, stdout: '', stderr: '' })
  expect(await pull('--json')).toMatchObject({ exitCode: 0, stdout: expect.not.stringContaining('the remote is'), stderr: '' })
})

test('ls says it on a terminal only', async () => {
  const { machine, note } = await signedInMachine()
  const terminal = new RecordedStream({ isTTY: true })
  await machine.photos(['ls'], { stderr: terminal })
  expect(terminal.text).toBe(`${note}no photos yet\n`)
  const scripted = new RecordedStream({ isTTY: true })
  await machine.photos(['ls', '--json'], { stderr: scripted })
  expect(scripted.text).toBe('no photos yet\n')
  expect(await machine.photos(['ls'])).toMatchObject({ stderr: 'no photos yet\n' })
})
