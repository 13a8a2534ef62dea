import type { Writable } from 'node:stream'
import { formatBytes } from './format-bytes.ts'
import { formatPace } from './progress-line.ts'
import type { Progress } from './tally.ts'

/** stderr: a stream that may be a terminal. */
export type TerminalStream = Writable & { readonly isTTY?: boolean; readonly columns?: number }

/** A bar in the last line of a terminal. */
export interface ProgressBar {
  show(progress: Progress): void
  /** Erases the bar. The next `show` draws it again. */
  hide(): void
  /** Lines written here stand above the bar. */
  readonly lines: Pick<Writable, 'write'>
}

/** Loads cli-progress only where there is a terminal to draw on. */
export async function createBar(stream: TerminalStream): Promise<ProgressBar> {
  const { default: cliProgress } = await import('cli-progress')
  const bar = new cliProgress.SingleBar({
    stream,
    format: '{bar} {percentage}%  {files}  {bytes}  {pace}',
    barCompleteChar: '#',
    barIncompleteChar: '-',
    barsize: 20,
    fps: 5,
    clearOnComplete: true,
    linewrap: false,
    // It would keep Ctrl-C from ending the program.
    gracefulExit: false,
  })
  let isShown = false
  const hide = (): void => {
    if (isShown) bar.stop()
    isShown = false
  }
  return {
    show(progress) {
      const { total, done } = shareOf(progress)
      if (isShown) {
        bar.setTotal(total)
        bar.update(done, describe(progress))
      } else {
        bar.start(total, done, describe(progress))
        isShown = true
      }
    },
    hide,
    lines: {
      write(line: string) {
        // Stopping puts the cursor back to where the bar began, so it must be gone before anything else is written.
        hide()
        return stream.write(line)
      },
    },
  }
}

/** Of the bytes; of the files where there are no bytes. */
function shareOf({ bytesDone, bytesFound, filesDone, filesFound }: Progress): { readonly total: number; readonly done: number } {
  return bytesFound > 0 ? { total: bytesFound, done: bytesDone } : { total: Math.max(1, filesFound), done: filesDone }
}

function describe(progress: Progress): Record<string, string> {
  return {
    files: `${progress.filesDone}/${progress.filesFound} files`,
    bytes: `${formatBytes(progress.bytesDone)} of ${formatBytes(progress.bytesFound)}`,
    pace: formatPace(progress),
  }
}
