import { randomUUID } from 'node:crypto'
import { readFile, readlink } from 'node:fs/promises'
import { hostname } from 'node:os'
import * as z from 'zod'
import { errorCode } from '../error-code.ts'

/**
 * Who holds a lock. A process is told from a later one with the same number by when it began, a boot of the machine from the
 * next one by its id, and a container from another by its namespace of process numbers; where a system tells none, it is null.
 */
export const lockHolderSchema = z.object({
  /** Of this run and of no other. */
  runId: z.string(),
  host: z.string(),
  bootId: z.string().nullable(),
  pidNamespace: z.string().nullable(),
  pid: z.int().positive(),
  /** In ticks since the boot. */
  processStart: z.string().nullable(),
  /** Such as `sync`. */
  command: z.string(),
  /** ISO 8601 in UTC. */
  startedAt: z.iso.datetime(),
})
export type LockHolder = z.infer<typeof lockHolderSchema>

/** This process, as the holder of a lock. */
export async function describeSelf(command: string, now: Date): Promise<LockHolder> {
  const [bootId, pidNamespace, processStart] = await Promise.all([
    readBootId(),
    readPidNamespace(),
    readProcessStart(process.pid),
  ])
  const started = { processStart: processStart ?? null, startedAt: now.toISOString() }
  return { runId: randomUUID(), host: hostname(), bootId, pidNamespace, pid: process.pid, command, ...started }
}

/**
 * What can be known of a holder at once. `alive`: it runs. `gone`: it cannot run any more. `unknown`: it runs elsewhere, or
 * this system does not say; then only its heartbeat tells.
 */
export type HolderState = 'alive' | 'gone' | 'unknown'

export async function findHolderState(holder: LockHolder, self: LockHolder): Promise<HolderState> {
  if (holder.host !== self.host) return 'unknown'
  if (holder.bootId !== null && self.bootId !== null && holder.bootId !== self.bootId) return 'gone'
  if (holder.pidNamespace !== self.pidNamespace) return 'unknown'
  if (!isRunning(holder.pid)) return 'gone'
  const processStart = await readProcessStart(holder.pid)
  if (processStart === undefined) return 'gone'
  if (processStart === null || holder.processStart === null) return 'unknown'
  return processStart === holder.processStart ? 'alive' : 'gone'
}

/** As a person reads it: `photos sync (process 4711 on nas, since 2026-11-23 02:14)`. */
export function showHolder({ command, pid, host, startedAt }: LockHolder): string {
  return `photos ${command} (process ${pid} on ${host}, since ${localMinute(new Date(startedAt))})`
}

/** By the clock on this machine's wall. */
function localMinute(date: Date): string {
  const two = (number: number): string => String(number).padStart(2, '0')
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Somebody else's process may not be signalled; it is there.
    return errorCode(error) !== 'ESRCH'
  }
}

/** Source: proc_sys_kernel(5), `random/boot_id`. Linux only. */
async function readBootId(): Promise<string | null> {
  return (await nullIfUnreadable(readFile('/proc/sys/kernel/random/boot_id', 'utf8')))?.trim() ?? null
}

/** Source: namespaces(7). Linux only. */
async function readPidNamespace(): Promise<string | null> {
  return await nullIfUnreadable(readlink('/proc/self/ns/pid'))
}

/**
 * When a process began, in ticks since the boot; null where this system does not say. Undefined of one that has ended and
 * that its parent has not asked after (Z, X): it has its number still, and will do nothing any more.
 * Source: proc_pid_stat(5), fields 3 and 22; the second one, in brackets, may hold anything. Linux only.
 */
async function readProcessStart(pid: number): Promise<string | null | undefined> {
  const stat = await nullIfUnreadable(readFile(`/proc/${pid}/stat`, 'utf8'))
  const [state = '', ...fields] = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? []
  return /^[ZXx]$/.test(state) ? undefined : (fields[22 - 4] ?? null)
}

async function nullIfUnreadable(text: Promise<string>): Promise<string | null> {
  return await text.catch(() => null)
}
