import type { Writable } from 'node:stream'
import { formatPace } from './progress-line.ts'
import type { Progress } from './tally.ts'
import type { Breadth } from './wrap.ts'

/** stderr: a stream that may be a terminal. */
export type TerminalStream = Writable & { readonly isTTY?: boolean; readonly columns?: number }

/** A bar in the last line of a terminal. */
export interface ProgressBar {
  show(progress: Progress): void
  /** Erases the bar. The next `show` draws it again. */
  hide(): void
  /** Lines written here stand above the bar. */
  readonly lines: Pick<Writable, 'write'> & Breadth
}

/** Loads cli-progress only where there is a terminal to draw on. */
export async function createBar(stream: TerminalStream): Promise<ProgressBar> {
  const { default: cliProgress } = await import('cli-progress')
  const bar = new cliProgress.SingleBar({
    stream,
    format: '{bar} {percentage}%  {text}',
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
      const text = { text: textOf(progress) }
      if (isShown) bar.update(progress.share, text)
      else bar.start(1, progress.share, text)
      isShown = true
    },
    hide,
    lines: {
      isTTY: stream.isTTY,
      get columns() {
        return stream.columns // it changes with the window
      },
      write(line: string) {
        // Stopping puts the cursor back to where the bar began, so it must be gone before anything else is written.
        hide()
        return stream.write(line)
      },
    },
  }
}

function textOf(progress: Progress): string {
  return [`${progress.filesDone}/${progress.filesFound} files`, ...formatPace(progress)].join('  ')
}
