import type { Command } from 'commander'
import type { ContentHash } from '../../contract/content-hash.ts'
import type { Restored, Trashed } from '../../contract/trash.ts'
import type { Context, Finish } from '../context.ts'
import { UserError } from '../errors.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import type { CallOptions } from '../remote/remote.ts'
import { type OpenedRemote, openRemote } from '../session/open-remote.ts'
import type { LockedState } from '../state/open-locked-state.ts'
import { createOutput } from '../terminal/output.ts'
import { formatTrashed, formatTrashedJson } from '../terminal/trash-lines.ts'
import { visible } from '../terminal/visible.ts'
import { changeTrash } from '../trash/change-trash.ts'
import { forgetConfirmed } from '../trash/forget-confirmed.ts'
import { listTrash } from '../trash/list-trash.ts'
import { findTrashTargets, type TrashTarget } from '../trash/trash-targets.ts'
import { jsonOption, libraryOption, profileOption } from './options.ts'

interface TrashFlags {
  readonly library?: string
  readonly profile?: string
  readonly json?: true
}

/** `photos trash`: what shall be in no list and come back with no sync. Its originals stay. */
export function addTrashCommand(program: Command, context: Context, finish: Finish): void {
  const trash = program
    .command('trash')
    .description('delete photos from the backup, and bring them back: their originals stay where they are')
  const addSubcommand = (name: string, description: string): Command =>
    trash.command(name).description(description).addOption(libraryOption()).addOption(profileOption()).addOption(jsonOption())
  addSubcommand('add', 'have photos in no list, and no sync back them up again')
    .argument('<photo...>', 'files, which are only read, or content hashes as `photos ls --json` shows them')
    .action(async (words: string[], flags: TrashFlags) => finish(await addAsTyped(words, flags, context)))
  addSubcommand('restore', 'have photos listed and backed up again')
    .argument('<photo...>', 'content hashes as the list shows them, or files')
    .action(async (words: string[], flags: TrashFlags) => finish(await restoreAsTyped(words, flags, context)))
  addSubcommand('list', 'list what is in the trash').action(async (flags: TrashFlags) =>
    finish(await listAsTyped(flags, context)),
  )
}

async function addAsTyped(words: readonly string[], flags: TrashFlags, context: Context): Promise<ExitCode> {
  const targets = await findTrashTargets(words, context.signal)
  return await withRemote(flags, context, async (opened) => {
    const state = await openStateIfFree(opened, context)
    try {
      // First, so that a run that is killed in between has forgotten too much: that costs the next sync a question.
      if (state) await forgetConfirmed(new Set(targets.map(({ contentHash }) => contentHash)), state)
      return await change(targets, (hashes, options) => opened.remote.trash(hashes, options), flags, context)
    } finally {
      await state?.close()
    }
  })
}

/** What this machine remembers. Where another run has it open, or it cannot be used, that is said; the photos go all the same. */
async function openStateIfFree(opened: OpenedRemote, { stderr }: Context): Promise<LockedState | undefined> {
  const tell = (message: string): void => void stderr.write(`${visible(message)}\n`)
  try {
    return await opened.openState({ command: 'trash', waitMs: 0, tell })
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    tell(`${error.message}; until photos trash add is repeated, syncs of this machine may call these photos already stored`)
    return undefined
  }
}

async function restoreAsTyped(words: readonly string[], flags: TrashFlags, context: Context): Promise<ExitCode> {
  const targets = await findTrashTargets(words, context.signal)
  return await withRemote(flags, context, ({ remote }) =>
    change(targets, (hashes, options) => remote.restore(hashes, options), flags, context),
  )
}

async function listAsTyped(flags: TrashFlags, context: Context): Promise<ExitCode> {
  const output = createOutput(context.stdout)
  return await withRemote(flags, context, async ({ remote }) => {
    let isEmpty = true
    for await (const photo of listTrash(remote, context.signal)) {
      isEmpty = false
      if (!(await output.line(flags.json ? formatTrashedJson(photo) : formatTrashed(photo)))) break
    }
    if (isEmpty) context.stderr.write('nothing is in the trash\n')
    return exitCodes.done
  })
}

type Change = (contentHashes: readonly ContentHash[], options: CallOptions) => Promise<readonly (Trashed | Restored)[]>

/** A photo a line; those that are not there make the exit code 3. */
async function change(targets: readonly TrashTarget[], ask: Change, flags: TrashFlags, context: Context): Promise<ExitCode> {
  const { stdout, stderr, signal } = context
  const output = createOutput(stdout)
  let exitCode: ExitCode = exitCodes.done
  for await (const { target, answer } of changeTrash(targets, (contentHashes) => ask(contentHashes, { signal }))) {
    const { kind, contentHash } = answer
    if (kind === 'unknown') exitCode = exitCodes.someFilesFailed
    if (flags.json) await output.line(JSON.stringify({ typed: target.typed, content_hash: contentHash, result: kind }))
    else if (kind === 'unknown') stderr.write(`${visible(target.typed)}: there is no such photo in the backup\n`)
    else await output.line(`${kind} ${visible(target.typed)}`)
  }
  return exitCode
}

async function withRemote(
  flags: TrashFlags,
  context: Context,
  work: (opened: OpenedRemote) => Promise<ExitCode>,
): Promise<ExitCode> {
  const { library, profile } = flags
  const opened = await openRemote({ library, profile, whenMissing: 'require', log: () => {} }, context)
  try {
    return await work(opened)
  } finally {
    await opened.close()
  }
}
