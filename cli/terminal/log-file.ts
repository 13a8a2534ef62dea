import { closeSync, constants, fstatSync, openSync, renameSync, rmSync, statSync, writeSync } from 'node:fs'
import { Writable } from 'node:stream'
import { errorCode } from '../error-code.ts'
import { throughLinks } from './through-links.ts'
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
  const file = appendingTo(throughLinks(path), { maximumBytes, kept, onFailure })
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
    if (descriptor !== undefined && hasLeft(path, descriptor)) close()
    descriptor ??= openToAppend(path)
    const status = fstatSync(descriptor)
    if (status.isFile() && status.size > 0 && status.size + Buffer.byteLength(text) > maximumBytes) {
      close()
      putAside(path, kept)
      descriptor = openToAppend(path)
    }
    writeSync(descriptor, text)
  }
  return {
    append(text) {
      try {
        write(text)
      } catch (error) {
        if (!hasFailed) onFailure(reasonOf(error))
        hasFailed = true
      }
    },
    close,
  }
}

/** Of what people can mend. */
const reasons: Readonly<Record<string, string>> = {
  ENOENT: 'its folder is not there',
  ENOTDIR: 'its folder is not there',
  EISDIR: 'it is a folder',
  ENXIO: 'it is a pipe that nobody reads',
  ELOOP: 'its links lead round in a circle',
  EACCES: 'it may not be written to by this user',
  EPERM: 'it may not be written to by this user',
  EROFS: 'its disk may only be read',
  ENOSPC: 'its disk is full',
  EDQUOT: 'its disk has no room left for this user',
}

function reasonOf(error: unknown): string {
  const code = errorCode(error)
  return code === undefined ? String(error) : (reasons[code] ?? code)
}

/** Whether a file was moved or deleted since it was opened: by another run that put it aside, by logrotate, or by a person. */
function hasLeft(path: string, descriptor: number): boolean {
  const [there, opened] = [statSync(path, { throwIfNoEntry: false }), fstatSync(descriptor)]
  return there?.ino !== opened.ino || there.dev !== opened.dev
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
