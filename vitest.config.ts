import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/longest-first.ts'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/build-once.ts'],
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    // Files share a process, so that each module is loaded once and not once a file: a second of processor time for each of
    // them. What a test changes outside its own folder (variables, umask, spies) it puts back when it has finished.
    isolate: false,
    sequence: { sequencer: LongestFirst },
  },
})
