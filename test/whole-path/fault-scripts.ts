import type { Fault, PassingRequest } from './fault-proxy.ts'
import { partBytes } from './wired.ts'

/** What the wire does to one run, and how that run may end. Whatever it does, the next run over a whole wire completes it. */
export interface FaultScript {
  readonly name: string
  /** `clips`: each in one request; `large`: one that goes up in three parts. */
  readonly tree: 'clips' | 'large'
  /** What is done to a request; made anew for each run. `now` is the time that the run sees, in milliseconds. */
  readonly begin: (now: () => number) => (request: PassingRequest) => Fault
  /** Of the run that meets the faults. With 0 everything is stored by then. */
  readonly exitCode: number
  /** A pull after a whole sync meets the faults, and not the sync. */
  readonly isPull?: true
  /** It is silence that it meets, which is waited for in real time. Where a machine under load is as slow, one tries once more. */
  readonly isStall?: true
}

type Matches = (request: PassingRequest) => boolean

const onApi =
  (path: string): Matches =>
  (request) =>
    request.path === path
const begin = onApi('/v1/uploads')
const sign = onApi('/v1/uploads/parts')
const complete = onApi('/v1/uploads/complete')
const confirm = onApi('/v1/photos/confirm')
const list = onApi('/v1/photos')
const send: Matches = ({ isUpload }) => isUpload
const describe = onApi('/.well-known/photos.json')
const fetchOriginal: Matches = ({ method, path }) => method === 'GET' && path.startsWith('/photos-storage/')
const anyCall: Matches = ({ path }) => path.startsWith('/v1/')
const anything: Matches = (request) => send(request) || anyCall(request)

/** The first `times` requests of a kind meet the fault. */
const first =
  (times: number, matches: Matches, fault: Fault): FaultScript['begin'] =>
  () => {
    let left = times
    return (request) => (matches(request) && left-- > 0 ? fault : undefined)
  }

const always = (matches: Matches, fault: Fault): FaultScript['begin'] => first(Number.POSITIVE_INFINITY, matches, fault)

/** Every second one of a kind, from the first on. */
const everySecond =
  (matches: Matches, fault: Fault): FaultScript['begin'] =>
  () => {
    let count = 0
    return (request) => (matches(request) && count++ % 2 === 0 ? fault : undefined)
  }

/** Nothing passes for so long after the first request of a kind. */
const outage =
  (from: Matches, lastsMs: number, fault: Fault = { kind: 'reset', afterBytes: 0 }): FaultScript['begin'] =>
  (now) => {
    let begunAt: number | undefined
    return (request) => {
      if (begunAt === undefined && from(request)) begunAt = now()
      return begunAt !== undefined && now() - begunAt < lastsMs ? fault : undefined
    }
  }

const minutes = 60_000
const answer = (status: number, headers?: Readonly<Record<string, string>>, body?: string): Fault => ({
  kind: 'answer',
  status,
  ...(headers && { headers }),
  ...(body !== undefined && { body }),
})
const s3Error = (status: number, code: string, message = 'as scripted'): Fault =>
  answer(status, { 'content-type': 'application/xml' }, `<Error><Code>${code}</Code><Message>${message}</Message></Error>`)
const page: Fault = { kind: 'answer', status: 200, headers: { 'content-type': 'text/html' }, body: '<html>Wi-Fi', inPlace: true }
const reset = (afterBytes: number): Fault => ({ kind: 'reset', afterBytes })
const cut = (afterBytes: number): Fault => ({ kind: 'cut-answer', afterBytes })
const stall = (before: 'request' | 'answer'): Fault => ({ kind: 'stall', before })
const later = (seconds: number): string => new Date(Date.now() + seconds * 1000).toUTCString()
const afterOneMinute = { 'retry-after': '60' }

const stored = { exitCode: 0 } as const
const someFailed = { exitCode: 3 } as const
const unreachable = { exitCode: 5 } as const
const storedAfterSilence = { exitCode: 0, isStall: true } as const
const clips = { tree: 'clips' } as const
const large = { tree: 'large' } as const

/** Resets: at each kind of byte of what is sent, and of what is answered. */
const resets: readonly FaultScript[] = [
  { name: 'a PUT is reset before its first byte', ...clips, begin: first(3, send, reset(0)), ...stored },
  { name: 'a PUT is reset after one byte', ...clips, begin: first(3, send, reset(1)), ...stored },
  { name: 'a PUT is reset in the middle', ...clips, begin: first(3, send, reset(25_000)), ...stored },
  { name: 'a PUT is reset before its last byte', ...clips, begin: first(1, send, reset(49_999)), ...stored },
  { name: 'a PUT arrives and its answer is lost', ...clips, begin: first(2, send, { kind: 'lost-answer' }), ...stored },
  { name: 'a part is reset before its first byte', ...large, begin: first(2, send, reset(0)), ...stored },
  { name: 'a part is reset in the middle', ...large, begin: first(4, send, reset(600_000)), ...stored },
  { name: 'a part is reset before its last byte', ...large, begin: first(1, send, reset(partBytes - 1)), ...stored },
  { name: 'a part arrives and its answer is lost', ...large, begin: first(2, send, { kind: 'lost-answer' }), ...stored },
  { name: 'the question what to send is reset', ...clips, begin: first(2, begin, reset(0)), ...stored },
  { name: 'the answer what to send is lost', ...large, begin: first(1, begin, { kind: 'lost-answer' }), ...stored },
  { name: 'the answer what to send is cut', ...clips, begin: first(1, begin, cut(100)), ...stored },
  { name: 'the signatures of parts are cut', ...large, begin: first(1, sign, cut(200)), ...stored },
  {
    name: 'the parts are joined and the answer is lost',
    ...large,
    begin: first(1, complete, { kind: 'lost-answer' }),
    ...stored,
  },
  { name: 'the confirmation is reset', ...clips, begin: first(2, confirm, reset(0)), ...stored },
  { name: 'it is confirmed and the answer is lost', ...clips, begin: first(2, confirm, { kind: 'lost-answer' }), ...stored },
  { name: 'the answer of the confirmation is cut', ...clips, begin: first(1, confirm, cut(20)), ...stored },
  { name: 'every second request of any kind is reset', ...clips, begin: everySecond(anything, reset(0)), ...stored },
]

const stalls: readonly FaultScript[] = [
  { name: 'a PUT stalls', ...clips, begin: first(2, send, stall('request')), ...storedAfterSilence },
  { name: 'the answer to a part stalls', ...large, begin: first(2, send, stall('answer')), ...storedAfterSilence },
  { name: 'the question what to send stalls', ...clips, begin: first(1, begin, stall('request')), ...storedAfterSilence },
  { name: 'the confirmation stalls', ...clips, begin: first(1, confirm, stall('answer')), ...storedAfterSilence },
]

/** Answers of services that are not well, and of those that ask for patience. */
const refusals: readonly FaultScript[] = [
  { name: 'S3 answers 500', ...clips, begin: first(3, send, s3Error(500, 'InternalError')), ...stored },
  { name: 'S3 answers 503 SlowDown', ...large, begin: first(3, send, s3Error(503, 'SlowDown')), ...stored },
  { name: 'S3 answers 503 and Retry-After', ...clips, begin: first(2, send, answer(503, afterOneMinute)), ...stored },
  { name: 'S3 answers 409, a race', ...clips, begin: first(1, send, s3Error(409, 'ConditionalRequestConflict')), ...stored },
  { name: 'a gateway before S3 answers 502', ...large, begin: first(2, send, answer(502)), ...stored },
  { name: 'the API answers 500', ...clips, begin: first(2, begin, answer(500)), ...stored },
  { name: 'the API answers 503', ...large, begin: first(2, sign, answer(503)), ...stored },
  { name: 'the API answers 504', ...large, begin: first(2, complete, answer(504)), ...stored },
  { name: 'the API answers 429', ...clips, begin: first(3, confirm, answer(429)), ...stored },
  { name: 'the API answers 429 and Retry-After', ...clips, begin: first(2, begin, answer(429, afterOneMinute)), ...stored },
  {
    name: 'the API answers 503 and a date as Retry-After',
    ...clips,
    begin: () => {
      let left = 1
      return (request) => (begin(request) && left-- > 0 ? answer(503, { 'retry-after': later(30) }) : undefined)
    },
    ...stored,
  },
  { name: 'S3 answers one file 503 for ever', ...clips, begin: alwaysOneFile(answer(503)), ...someFailed },
  { name: 'S3 refuses all for ever', ...clips, begin: always(send, s3Error(403, 'AccessDenied')), ...someFailed },
  { name: 'every second answer is 500', ...clips, begin: everySecond(anything, answer(500)), ...stored },
]

const damages: readonly FaultScript[] = [
  { name: 'a wrong byte in a PUT, once', ...clips, begin: first(1, send, { kind: 'wrong-byte' }), ...stored },
  { name: 'a wrong byte in each PUT', ...clips, begin: always(send, { kind: 'wrong-byte' }), ...someFailed },
  { name: 'wrong bytes in two parts', ...large, begin: first(2, send, { kind: 'wrong-byte' }), ...stored },
  { name: 'a hotel answers in place of S3', ...clips, begin: always(send, page), ...someFailed },
  { name: 'a hotel answers in place of the API', ...clips, begin: always(anyCall, page), ...unreachable },
  {
    name: 'a wrong byte in a download, once',
    ...clips,
    begin: first(1, fetchOriginal, { kind: 'wrong-answer-byte' }),
    ...stored,
    isPull: true,
  },
  { name: 'downloads are cut', ...large, begin: first(5, fetchOriginal, cut(400_000)), ...stored, isPull: true },
  { name: 'a download stalls', ...clips, begin: first(1, fetchOriginal, stall('answer')), ...storedAfterSilence, isPull: true },
  { name: 'the list is cut', ...clips, begin: first(2, list, cut(100)), ...stored, isPull: true },
  {
    name: 'S3 answers downloads 503',
    ...clips,
    begin: first(3, fetchOriginal, s3Error(503, 'SlowDown')),
    ...stored,
    isPull: true,
  },
]

/** Signatures that are too old, and clocks. */
const signatures: readonly FaultScript[] = [
  {
    name: 'the URL of a PUT has expired',
    ...clips,
    begin: first(1, send, s3Error(403, 'AccessDenied', 'Request has expired')),
    ...stored,
  },
  {
    name: 'the URLs of parts have expired',
    ...large,
    begin: first(2, send, s3Error(403, 'AccessDenied', 'Request has expired')),
    ...stored,
  },
  {
    name: 'credentials are refused as soon as they are given',
    ...clips,
    begin: first(1, fetchOriginal, s3Error(400, 'ExpiredToken')),
    exitCode: 12,
    isPull: true,
  },
  {
    name: 'the clock is said to be wrong',
    ...clips,
    begin: first(1, fetchOriginal, s3Error(403, 'RequestTimeTooSkewed')),
    ...stored,
    isPull: true,
  },
  { name: 'S3 has forgotten the upload', ...large, begin: first(1, send, s3Error(404, 'NoSuchUpload')), ...stored },
  { name: 'the API does not take the token, once', ...clips, begin: first(1, begin, answer(401)), ...stored },
]

/** Lines that are away for long, and slow ones. */
const lines: readonly FaultScript[] = [
  { name: '10 minutes without a network before the first byte', ...clips, begin: outage(begin, 10 * minutes), ...stored },
  { name: '10 minutes without a network in the middle of a large file', ...large, begin: outage(send, 10 * minutes), ...stored },
  { name: '10 minutes without a network while it is confirmed', ...clips, begin: outage(confirm, 10 * minutes), ...stored },
  { name: '10 minutes of 503 from everybody', ...clips, begin: outage(begin, 10 * minutes, answer(503)), ...stored },
  { name: '10 minutes without a network in a pull', ...clips, begin: outage(list, 10 * minutes), ...stored, isPull: true },
  { name: 'a day without a network', ...clips, begin: outage(begin, 24 * 60 * minutes), ...unreachable },
  { name: 'DNS does not know the API', ...clips, begin: always(describe, { kind: 'unknown-name' }), ...unreachable },
  { name: 'DNS does not know S3', ...clips, begin: always(begin, { kind: 'unknown-name' }), ...unreachable },
  {
    name: 'a line of 50 kB/s up',
    ...clips,
    begin: always(send, { kind: 'slow', bytesPerSecond: 50_000 }),
    ...stored,
  },
  {
    name: 'a line of 50 kB/s down',
    ...clips,
    begin: always(fetchOriginal, { kind: 'slow', bytesPerSecond: 50_000 }),
    ...stored,
    isPull: true,
  },
]

function alwaysOneFile(fault: Fault): FaultScript['begin'] {
  return () => {
    let path: string | undefined
    return (request) => {
      if (send(request)) path ??= request.path
      return request.path === path ? fault : undefined
    }
  }
}

export const faultScripts: readonly FaultScript[] = [...resets, ...stalls, ...refusals, ...damages, ...signatures, ...lines]
