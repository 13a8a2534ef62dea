import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { beforeEach, describe, expect, test } from 'vitest'
import { Interruption } from '../../../cli/interruption.ts'
import { run } from '../../../cli/program.ts'
import { addAccountInTest } from '../../embedded/add-account-in-test.ts'
import { type CertificateInTest, canMakeCertificates, makeCertificate } from '../../embedded/certificate-in-test.ts'
import { temporaryFolder } from '../../temporary-folder.ts'
import { RecordedStream } from '../terminal/recorded-stream.ts'

let home: string
let library: string

beforeEach(async () => {
  home = await temporaryFolder()
  library = join(home, 'library')
})

const addAda = () => addAccountInTest(library, { email: 'ada@example.com', password: 'correct horse battery' })

/** `photos serve …`, which is stopped as soon as it serves. */
async function serve(commandLine: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const stopping = new AbortController()
  const [stdout, stderr] = [new WatchedStream(() => stopping.abort(new Interruption('SIGINT'))), new RecordedStream()]
  const exitCode = await run(['serve', '--library', library, ...commandLine], {
    stdin: Readable.from([]),
    stdout,
    stderr,
    environment: { HOME: home, ...environment },
    now: () => new Date(),
    signal: stopping.signal,
  })
  return { exitCode, stdout: stdout.text, stderr: stderr.text }
}

/** Tells when something was written to it. */
class WatchedStream extends RecordedStream {
  readonly #onWritten: () => void

  constructor(onWritten: () => void) {
    super()
    this.#onWritten = onWritten
  }

  override _write(chunk: string | Buffer, encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    super._write(chunk, encoding, callback)
    this.#onWritten()
  }
}

describe('other machines', () => {
  test('are not served without TLS, and no library is made on the way', async () => {
    expect(await serve(['--listen', '0.0.0.0:0'])).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: `photos: other machines would send passwords and photos unencrypted
  give --tls-cert FILE --tls-key FILE; or --insecure-http, where you trust everybody in the network
`,
    })
    expect(existsSync(library)).toBe(false)
  })

  test('are not served without accounts', async () => {
    expect(await serve(['--listen', '0.0.0.0:0', '--insecure-http'])).toEqual({
      exitCode: 2,
      stdout: '',
      stderr: `photos: there is no account to sign in with from other machines
  say who may sign in first: photos users add EMAIL
`,
    })
  })

  test('are told what to type, also that it is unencrypted', async () => {
    await addAda()
    const { stdout, stderr } = await serve(['--listen', '0.0.0.0:0'], { PHOTOS_INSECURE_HTTP: '1' })
    const url = /^serving .+ at (http:\/\/\S+)\n$/.exec(stdout)?.[1]
    expect(stderr).toContain(`on other machines: photos login ${url} --insecure-http\n`)
    expect(stderr).toMatch(/^warning: without TLS .+ passwords .+$/m)
  })

  test('that are not served are not warned of', async () => {
    expect((await serve(['--listen', '127.0.0.1:0', '--insecure-http'])).stderr).not.toContain('warning')
  })

  test('behind a proxy are told its address', async () => {
    await addAda()
    const { stdout, stderr } = await serve(['--listen', '127.0.0.1:0', '--public-url', 'https://photos.test'])
    expect(stdout).toContain('at https://photos.test\n')
    expect(stderr).toContain('on other machines: photos login https://photos.test\n')
  })
})

describe.skipIf(!canMakeCertificates)('TLS', () => {
  let files: CertificateInTest
  beforeEach(async () => {
    files = makeCertificate(home, 'DNS:photos.test')
    await addAda()
  })

  test('is there with a certificate and its key', async () => {
    const flags = ['--listen', '0.0.0.0:0', '--tls-cert', files.certPath, '--tls-key', files.keyPath]
    const { exitCode, stdout, stderr } = await serve(flags)
    expect({ exitCode, stdout }).toEqual({ exitCode: 130, stdout: expect.stringMatching(/ at https:\/\/photos\.test:\d+\n$/) })
    expect(stderr).toMatch(/^on other machines: photos login https:\/\/photos\.test:\d+\n/)
    expect(stderr).toMatch(/^the certificate is self-made: .* NODE_EXTRA_CA_CERTS=FILE\n/m)
    expect(stderr).not.toContain('warning')
  })

  test.each([
    ['a certificate without a key', ['--tls-cert', 'CERT'], '--tls-cert is given without --tls-key', 'add --tls-key FILE'],
    ['a key without a certificate', ['--tls-key', 'KEY'], '--tls-key is given without --tls-cert', 'add --tls-cert FILE'],
    ['a key that is none', ['--tls-cert', 'CERT', '--tls-key', 'CERT'], 'the key is no PEM private key', '--tls-key'],
    ['a certificate that is none', ['--tls-cert', 'KEY', '--tls-key', 'KEY'], 'the certificate is no PEM', '--tls-cert'],
    ['a key of another certificate', ['--tls-cert', 'CERT', '--tls-key', 'OTHER'], 'the key does not belong to', 'made together'],
    ['a file that is not there', ['--tls-cert', 'CERT', '--tls-key', 'MISSING'], 'missing.pem cannot be read', 'check the path'],
  ])('%s is a usage error', async (_, words, message, hint) => {
    const paths: Readonly<Record<string, string>> = {
      CERT: files.certPath,
      KEY: files.keyPath,
      OTHER: makeCertificate(home, 'DNS:photos.test', 'other').keyPath,
      MISSING: join(home, 'missing.pem'),
    }
    const { exitCode, stderr } = await serve(words.map((word) => paths[word] ?? word))
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining(message) })
    expect(stderr.split('\n')[1]).toContain(hint)
  })

  test('with a key that has a passphrase is refused, since nobody is there to type it', async () => {
    await writeFile(files.keyPath, '-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n')
    const { exitCode, stderr } = await serve(['--tls-cert', files.certPath, '--tls-key', files.keyPath])
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining('without a passphrase') })
  })
})

test.each(['8420', 'host', ':8420', '1.2.3.4:99999', '[::1:80', 'http://x:80', 'a b:80', ''])(
  '%j is no address',
  async (text) => {
    const { exitCode, stderr } = await serve(['--listen', text])
    expect({ exitCode, stderr }).toEqual({ exitCode: 2, stderr: expect.stringContaining('give HOST:PORT') })
  },
)

test('a name that this machine does not have is told', async () => {
  await addAda()
  // No label is that long (RFC 1035, 2.3.4), so no resolver is asked: a real one may take its time, or know every name.
  const name = `${'x'.repeat(64)}.invalid`
  const { exitCode, stderr } = await serve(['--listen', `${name}:0`, '--insecure-http'])
  expect({ exitCode, stderr }).toEqual({
    exitCode: 2,
    stderr: expect.stringContaining(`${name}:0 is not on this machine`),
  })
})
