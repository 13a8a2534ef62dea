import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, readdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openUnfinishedFolder, unfinishedFolderName } from '../../../cli/pull/unfinished-folder.ts'
import { temporaryFolder } from '../../temporary-folder.ts'

const part = `${'a'.repeat(64)}.0.part`

/** A folder that a pull has left behind, or is still at work in. */
async function folderHeldBy(processId: number): Promise<string> {
  const to = await temporaryFolder()
  const folder = join(to, unfinishedFolderName)
  await mkdir(folder)
  await writeFile(join(folder, 'process-id'), String(processId))
  await writeFile(join(folder, part), 'half a photo')
  return to
}

/** A process that waits until the test has finished. */
async function running(...names: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, ['-e', 'console.log(); process.stdin.resume()', '--', ...names])
  onTestFinished(async () => {
    child.stdin.end()
    await once(child, 'exit')
  })
  await once(child.stdout, 'data')
  return child.pid ?? 0
}

async function requireTakenOver(to: string): Promise<void> {
  {
    await using _folder = await openUnfinishedFolder(to)
    expect(await readdir(join(to, unfinishedFolderName))).toEqual(['process-id'])
  }
  expect(await readdir(to)).toEqual([])
}

test('a killed pull that had the same process id, as in a container, does not lock its folder', async () => {
  await requireTakenOver(await folderHeldBy(process.pid))
})

test.skipIf(!existsSync('/proc/self/cmdline'))('nor does one whose process id another program has got', async () => {
  await requireTakenOver(await folderHeldBy(await running('something else')))
})

test('a pull that is running does', async () => {
  const processId = await running('/usr/bin/photos', 'pull')
  await expect(openUnfinishedFolder(await folderHeldBy(processId))).rejects.toMatchObject({
    name: 'UserError',
    exitCode: 11,
    message: expect.stringContaining(`process ${processId}`),
  })
})

test.each(['link', 'link/below/it'])(
  'a link that leads nowhere is told as one, and nothing is made where it leads: %s',
  async (path) => {
    const folder = await temporaryFolder()
    await symlink('nowhere', join(folder, 'link'))
    const to = join(folder, path)
    await expect(openUnfinishedFolder(to)).rejects.toMatchObject({
      exitCode: 2,
      message: `cannot write into ${to}: a symbolic link that leads nowhere is where a folder should be`,
      hint: 'choose a folder of yours: photos pull --to DIR',
    })
    expect(await readdir(folder)).toEqual(['link'])
  },
)
