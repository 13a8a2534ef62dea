import { readdir, readFile, rmdir, unlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type BytePath, bytePathOf } from '../byte-path.ts'
import { errorCode } from '../error-code.ts'
import { UserError } from '../errors.ts'
import { exitCodes } from '../exit-codes.ts'
import { makeFolder } from '../make-folder.ts'
import { endRunWhenFull, findPullFailure } from './write-error.ts'

/** Where downloads lie until they are whole and right: below the pulled folder, so that putting in place is a link. */
export const unfinishedFolderName = '.photos-pull'

/** Who fills a folder, and under which name unfinished files lie in it. */
export interface FillingCommand {
  readonly command: string
  readonly folderName: string
  /** What became of the files until the disk was full, for the hint. */
  readonly meanwhile?: string
}

const pulling: FillingCommand = { command: 'pull', folderName: unfinishedFolderName }

const partName = /^[0-9a-f]{64}\.\d+\.part$/
const holderName = 'process-id'

/** The folder of unfinished downloads of one run. Closing removes it. */
export interface UnfinishedFolder extends AsyncDisposable {
  /** A name that no other download of this run has. */
  newPath(contentHash: string): BytePath
}

/**
 * Makes the folder, readable by its owner only, and removes what killed pulls have left there. Throws a `UserError` while
 * another pull into the same folder is running (exit code 11), or when the folder cannot be written to.
 */
export async function openUnfinishedFolder(to: string, filling: FillingCommand = pulling): Promise<UnfinishedFolder> {
  const folder = join(to, filling.folderName)
  try {
    await makeFolder(to)
    await makeFolder(folder, 0o700)
    await claim(folder, to, filling)
    await removeParts(folder)
  } catch (error) {
    throw explainFilling(error, to, filling)
  }
  let count = 0
  return {
    newPath: (contentHash) => bytePathOf(join(folder, `${contentHash}.${count++}.part`)),
    async [Symbol.asyncDispose]() {
      await removeParts(folder)
      await unlink(join(folder, holderName))
      claimedHere.delete(join(folder, holderName))
      await rmdir(folder).catch(() => {}) // something that is not ours is in it
    },
  }
}

/** Why a folder cannot be filled: a `UserError` for what people can mend, and any other error as it is. */
export function explainFilling(error: unknown, to: string, { command, meanwhile }: FillingCommand): unknown {
  endRunWhenFull(error, to, meanwhile)
  const reason = findPullFailure(error)
  if (reason === undefined) return error
  return new UserError(`cannot write into ${to}: ${reason}`, {
    exitCode: exitCodes.usage,
    hint: `choose a folder of yours: photos ${command} --to DIR`,
    cause: error,
  })
}

/** Claimed by this very process, which a note with its number alone does not tell. */
const claimedHere = new Set<string>()

async function claim(folder: string, to: string, { command }: FillingCommand): Promise<void> {
  const file = join(folder, holderName)
  if (await createHolder(file)) return
  const holder = Number(await readFile(file, 'utf8').catch(() => ''))
  if (claimedHere.has(file) || (await isPull(holder))) {
    throw new UserError(`another ${command} into ${to} is running (process ${holder})`, {
      exitCode: exitCodes.locked,
      hint: 'wait until it has ended, or name another folder',
    })
  }
  await unlink(file)
  await createHolder(file)
}

async function createHolder(file: string): Promise<boolean> {
  try {
    await writeFile(file, String(process.pid), { flag: 'wx', mode: 0o600 })
    claimedHere.add(file)
    return true
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false
    throw error
  }
}

/**
 * Whether another process is, as far as can be told, a pull. Numbers come again: a container gives the same one to each run,
 * and on Linux another program, whose command line does not name photos, may have got that of a killed pull.
 */
async function isPull(processId: number): Promise<boolean> {
  if (processId === process.pid || !isRunning(processId)) return false
  const commandLine = await readFile(`/proc/${processId}/cmdline`, 'utf8').catch(() => undefined)
  return commandLine === undefined || commandLine.includes('photos')
}

function isRunning(processId: number): boolean {
  if (!Number.isSafeInteger(processId) || processId <= 0) return false
  try {
    process.kill(processId, 0) // sends nothing
    return true
  } catch (error) {
    return errorCode(error) === 'EPERM'
  }
}

/** Only what a pull has made: whatever else lies there is not ours to delete. */
async function removeParts(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (partName.test(name)) await unlink(join(folder, name))
  }
}
