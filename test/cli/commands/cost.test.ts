import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { runCost } from '../../../cli/commands/cost.ts'
import { run } from '../../../cli/program.ts'
import type { ListRange, Remote } from '../../../cli/remote/remote.ts'
import type { ListEntry, Photo } from '../../../contract/photos.ts'
import type { RemoteConfiguration } from '../../../contract/remote-configuration.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { photoEntryOf, photoOf, remoteInTest, storedPhoto } from '../pull/pull-in-test.ts'
import { anna, approvedBy, newMachine, serveAccounts } from '../session/signed-in-world.ts'
import { RecordedStream } from '../terminal/recorded-stream.ts'

const now = new Date('2026-11-22T12:00:00Z')
const photo = {
  ...photoOf(storedPhoto('a photo')),
  sizeBytes: 20_000_000,
  captureTime: '2026-01-01T10:00:00',
  storedAt: '2026-02-01T00:00:00.000Z',
  renditions: [{ name: 'view' as const, widthPixels: 2048, heightPixels: 1365, sizeBytes: 400_000 }],
}

async function cost(
  photos: number,
  options: {
    readonly flags?: Partial<Parameters<typeof runCost>[0]['flags']>
    readonly configuration?: Partial<RemoteConfiguration>
    readonly sizeBytes?: number
    readonly photo?: Partial<Photo>
  } = {},
) {
  const { remote } = await remoteInTest([])
  // One of them is in the trash, and costs as much as the others.
  async function* listPhotos({ trashed }: ListRange): AsyncGenerator<ListEntry> {
    const inTrash = Math.min(1, photos)
    for (let listed = trashed ? photos - inTrash : 0; listed < (trashed ? photos : photos - inTrash); listed += 1)
      yield photoEntryOf({ ...photo, sizeBytes: options.sizeBytes ?? photo.sizeBytes, ...options.photo })
  }
  const configuration = { ...remote.configuration, ...options.configuration }
  const listing: Remote = { ...remote, configuration, listPhotos }
  const stdout = Object.assign(new RecordedStream({ isTTY: true }), { columns: 80 })
  const stderr = new RecordedStream()
  const context = { stdout, stderr, now: () => now, signal: new AbortController().signal }
  const exitCode = await runCost({ remote: listing, flags: { years: [1, 5, 10], ...options.flags }, context })
  return { exitCode, lines: stdout.lines, stdout: stdout.text, stderr: stderr.text }
}

const onAws = (storageClass?: RemoteConfiguration['storageClass']): Partial<RemoteConfiguration> => {
  const api = 'https://api.invalid'
  const endpoints = { api, s3: 'https://s3.ap-south-1.amazonaws.com', signIn: api, userPool: api, identityPool: api }
  return { region: 'ap-south-1', endpoints, storageClass }
}

test('a table and what it means, in 80 columns', async () => {
  const { exitCode, lines } = await cost(2_400, { configuration: onAws('GLACIER_IR') })
  expect(exitCode).toBe(0)
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(80)
  expect(lines.slice(0, 10)).toEqual([
    '2,400 originals, 48.0 GB; about 225 a month, 4.5 GB, by their capture dates',
    '',
    '                       a month    over     over      over    to get',
    'USD                        now  1 year  5 years  10 years  all back',
    expect.stringMatching(/^ {2}STANDARD +\$\d/),
    expect.stringMatching(/^ {2}STANDARD_IA +\$\d/),
    expect.stringMatching(/^ {2}INTELLIGENT_TIERING +\$\d/),
    expect.stringMatching(/^\* GLACIER_IR +\$\d/),
    expect.stringMatching(/^ {2}DEEP_ARCHIVE +\$\d/),
    expect.stringMatching(/^ {2}Google One, 100 GB +\$1\.44 .+ \$0\.00$/),
  ])
  const notes = lines.join(' ')
  expect(notes).toContain('* the storage class of this remote')
  expect(notes).toContain('The remote is in ap-south-1, where prices are others')
  expect(notes).toContain('A month now in GLACIER_IR: originals $0.18, ')
  expect(notes).toContain('100 GB for 130 INR a month (1 USD = 90 INR); full in 13 months')
  expect(notes).toMatch(
    /In 10 years GLACIER_IR is cheaper than Google One, by \$\d+\.\d\d\. Getting everything back then costs \$\d/,
  )
})

test('a library of 20 TB still fits, and no plan of Google One holds it', async () => {
  const { lines } = await cost(1_000, { configuration: onAws('DEEP_ARCHIVE'), sizeBytes: 2e10 })
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(80)
  expect(lines.find((line) => line.startsWith('  Google One'))).toMatch(/^ {2}Google One( +-){4} +\$0\.00$/)
})

test('says where Google One is cheaper', async () => {
  const { lines } = await cost(2_400, { configuration: onAws('STANDARD') })
  expect(lines.join(' ')).toMatch(/In 10 years Google One is cheaper than STANDARD, by \$\d/)
})

test('a library on a disk of one’s own costs nothing at AWS, and says what it would', async () => {
  const { lines } = await cost(10)
  expect(lines.join(' ')).toContain('This library lies on a disk of your own and costs nothing at AWS.')
  expect(lines.some((line) => line.startsWith('*'))).toBe(false)
})

test('a small library is nothing to pay for at Google', async () => {
  const { lines } = await cost(10, { flags: { years: [1] } })
  expect(lines.join(' ')).toContain('In a year all of it still fits into the 15 GB that Google gives everybody')
  expect(lines.join(' ')).not.toContain('cheaper')
})

test('one class, other years', async () => {
  const { lines } = await cost(10, { flags: { storageClass: 'DEEP_ARCHIVE', years: [2] } })
  expect(lines.slice(2, 6).map((line) => line.trim().split(/ {2,}/))).toEqual([
    ['a month', 'over', 'to get'],
    ['USD', 'now', '2 years', 'all back'],
    ['DEEP_ARCHIVE', expect.anything(), expect.anything(), expect.anything()],
    ['Google One, 100 GB', '$1.44', '$34.67', '$0.00'],
  ])
})

test('one original, and a plan that is never full in a life', async () => {
  const { lines } = await cost(1, { sizeBytes: 2_000, configuration: onAws('STANDARD') })
  expect(lines[0]).toBe('1 original, 2.0 kB; about 0 a month, 187 B, by their capture dates')
  expect(lines.join(' ')).toContain('130 INR a month (1 USD = 90 INR); not full within 50 years.')
})

test('a plan with no room for another month says so', async () => {
  const { lines } = await cost(1_060, { sizeBytes: 1e8 })
  expect(lines.join(' ')).toContain('100 GB for 130 INR a month (1 USD = 90 INR); full within a month, then')
})

test('a first import of videos is no growth, and is told', async () => {
  const { lines } = await cost(1, { sizeBytes: 160e9, photo: { captureTime: null, storedAt: '2026-11-10T00:00:00.000Z' } })
  expect(lines[0]).toBe('1 original, 160.0 GB; nothing tells yet how many a month there will be')
  expect(lines.join(' ')).toContain('1 original, 160.0 GB, without a capture date, as of videos: nothing tells how many')
})

test('json: one line, with the fields that scripts may rely on', async () => {
  const { stdout } = await cost(2_400, {
    flags: { json: true, storageClass: 'STANDARD', years: [1] },
    configuration: onAws('STANDARD'),
  })
  expect(stdout.endsWith('}\n')).toBe(true)
  const number = expect.any(Number)
  const lines = Object.fromEntries(
    ['originals', 'renditions', 'requests', 'functions', 'index', 'api', 'queue', 'logs', 'alarms'].map((name) => [name, number]),
  )
  const projection = {
    original_bytes: number,
    total_usd: number,
    always_free_usd: number,
    last_month_usd: number,
    restore_usd: number,
  }
  expect(JSON.parse(stdout)).toEqual({
    message_type: 'summary',
    photos: 2_400,
    original_bytes: 48_000_000_000,
    rendition_bytes: 960_000_000,
    photos_per_month: number,
    bytes_per_month: number,
    growth_basis: 'capture_dates',
    undated_import_photos: 0,
    undated_import_bytes: 0,
    is_on_aws: true,
    storage_class: 'STANDARD',
    prices: { currency: 'USD', region: 'us-east-1', as_of: '2026-11', inr_per_usd: 90 },
    storage_classes: [
      {
        storage_class: 'STANDARD',
        month_usd: number,
        month_lines_usd: lines,
        always_free_usd: number,
        restore_usd: number,
        projections: [{ years: 1, ...projection }],
      },
    ],
    google_one: {
      plan: '100 GB',
      month_usd: 1.4444,
      month_inr: 130,
      full_in_months: 13,
      projections: [{ years: 1, total_usd: 17.3333 }],
    },
    exit_code: 0,
  })
})

describe('as it is typed', () => {
  async function photos(...commandLine: readonly string[]) {
    const [stdout, stderr] = [new RecordedStream(), new RecordedStream()]
    const environment = { HOME: await temporaryFolder() }
    const signal = new AbortController().signal
    const context = { stdin: Readable.from([]), stdout, stderr, environment, now: () => now, signal }
    return { exitCode: await run(commandLine, context), stdout: stdout.text, stderr: stderr.text }
  }

  test('a library that was just filled', async () => {
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'clip.mp4'), 'a clip')
    const library = join(folder, 'library')
    expect(await photos('sync', join(folder, 'clip.mp4'), '--library', library)).toMatchObject({ exitCode: 0 })
    const { exitCode, stdout } = await photos('cost', '--library', library, '--json')
    expect(exitCode).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ photos: 1, original_bytes: 6, is_on_aws: false, growth_basis: 'none' })
  })

  test('the account that is signed in, and nobody else’s photos', async () => {
    const backend = await serveAccounts()
    const machine = await newMachine()
    await machine.login([backend.url], approvedBy(anna))
    const clip = join(machine.home, 'clip.mp4')
    await writeFile(clip, 'a clip')
    await machine.photos(['sync', clip])
    const { exitCode, stdout } = await machine.photos(['cost', '--json', '--storage-class', 'GLACIER_IR'])
    expect(exitCode).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ photos: 1, storage_classes: [{ storage_class: 'GLACIER_IR' }] })
  })

  test('no library', async () => {
    expect(await photos('cost')).toMatchObject({ exitCode: 10, stdout: '' })
  })

  test.each([
    [['--years', '0'], 'give up to three whole numbers from 1 to 50'],
    [['--years', '1,2,3,4'], 'give up to three whole numbers from 1 to 50'],
    [['--years', ''], 'give up to three whole numbers from 1 to 50'],
    [['--storage-class', 'GLACIER'], 'Allowed choices are STANDARD, STANDARD_IA'],
  ])('%j is a usage error', async (flags, message) => {
    expect(await photos('cost', ...flags)).toMatchObject({ exitCode: 2, stderr: expect.stringContaining(message) })
  })
})

test('nothing is stored', async () => {
  expect(await cost(0)).toMatchObject({ exitCode: 0, stdout: '', stderr: 'no photos yet\n' })
})
