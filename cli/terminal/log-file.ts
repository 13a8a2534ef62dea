import { closeSync, constants, fstatSync, openSync, realpathSync, renameSync, rmSync, statSync, writeSync } from 'node:fs'
import { Writable } from 'node:stream'
import { errorCode } from '../error-code.ts'
import { visible } from './visible.ts'

export interface LogFileOptions {
  readonly now: () => Date
  /** A file that would grow beyond it is put aside as `FILE.1`. */
  readonly maximumBytes: number
  /** How many that were put aside are kept. */
  readonly kept?: number
  /** Told once why nothing can be written, in lower case; the run goes on. */
  readonly onFailure: (reason: string) => void
}

/** A file that everything written to it is added to, a stamped line each. Nothing about it ever fails the run. */
export interface LogFile {
  readonly stream: Writable
  close(): void
}

/** @param path its folder has to be there; it may be shared by several runs */
export function openLogFile(path: string, { now, maximumBytes, kept = 5, onFailure }: LogFileOptions): LogFile {
  const file = appendingTo(withoutLinks(path), { maximumBytes, kept, onFailure })
  let begun = ''
  const stream = new Writable({
    decodeStrings: false,
    write(chunk, _encoding, done) {
      const lines = `${begun}${chunk}`.split('\n')
      begun = lines.pop() ?? ''
      if (lines.length > 0) file.append(lines.map((line) => `${stamp(now())} ${visible(line)}\n`).join(''))
      done()
    },
  })
  return { stream, close: () => file.close() }
}

/** By the clock of this place, with its distance from UTC: `2026-11-23T03:00:01+01:00`. */
function stamp(moment: Date): string {
  const offsetMinutes = -moment.getTimezoneOffset()
  const local = new Date(moment.getTime() + offsetMinutes * 60_000).toISOString().slice(0, 19)
  const [hours, minutes] = [Math.floor(Math.abs(offsetMinutes) / 60), Math.abs(offsetMinutes) % 60]
  return `${local}${offsetMinutes < 0 ? '-' : '+'}${padded(hours)}:${padded(minutes)}`
}

function padded(value: number): string {
  return String(value).padStart(2, '0')
}

interface AppendingFile {
  append(text: string): void
  close(): void
}

type AppendOptions = Pick<LogFileOptions, 'maximumBytes' | 'onFailure'> & { readonly kept: number }

function appendingTo(path: string, { maximumBytes, kept, onFailure }: AppendOptions): AppendingFile {
  let descriptor: number | undefined
  let hasFailed = false
  const close = (): void => {
    if (descriptor !== undefined) closeSync(descriptor)
    descriptor = undefined
  }
  const write = (text: string): void => {
    descriptor ??= openToAppend(path)
    const status = fstatSync(descriptor)
    if (status.isFile() && status.size > 0 && status.size + Buffer.byteLength(text) > maximumBytes) {
      close()
      // Another run may have put it aside in the meantime; then there is a new one to go on with.
      if (statSync(path, { throwIfNoEntry: false })?.ino === status.ino) putAside(path, kept)
      descriptor = openToAppend(path)
    }
    writeSync(descriptor, text)
  }
  return {
    append(text) {
      try {
        write(text)
      } catch (error) {
        if (!hasFailed) onFailure(errorCode(error) ?? String(error))
        hasFailed = true
      }
    },
    close,
  }
}

/** So that a link stays one when the file that it leads to is put aside. */
function withoutLinks(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

/** A named pipe that nobody reads would keep who opens it waiting. */
function openToAppend(path: string): number {
  const { O_APPEND, O_CREAT, O_WRONLY, O_NONBLOCK } = constants
  return openSync(path, O_APPEND | O_CREAT | O_WRONLY | (O_NONBLOCK ?? 0), 0o640)
}

/** `FILE` becomes `FILE.1`, that becomes `FILE.2`, and so on; the last one goes. Where that is refused the file grows on. */
function putAside(path: string, kept: number): void {
  try {
    rmSync(`${path}.${kept}`, { force: true })
    for (let number = kept; number > 1; number -= 1) renameIfThere(`${path}.${number - 1}`, `${path}.${number}`)
    renameSync(path, `${path}.1`)
  } catch {}
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error
  }
}
