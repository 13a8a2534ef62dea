import { EventEmitter, once } from 'node:events'
import { mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bytePathOf } from '../../../cli/byte-path.ts'
import { watchFolders } from '../../../cli/watch/folder-watcher.ts'

// For a process in a user namespace of its own, where it may say how many watches there are: `node … FOLDER`. Says how many
// folders of four have one when there are two to be had, and after these were enough and everything was renewed.
const [folder = ''] = process.argv.slice(2)
const paths = ['a', 'b', 'c'].map((name) => join(folder, name))
for (const path of paths) mkdirSync(path)
const events = new EventEmitter()
let timesExhausted = 0

allowWatches(2)
const watcher = watchFolders(bytePathOf(folder), {
  takesHidden: false,
  except: new Set(),
  onChange() {},
  onLoss: () => events.emit('loss'),
  onExhausted() {
    timesExhausted += 1
  },
})
const alive = setInterval(() => {}, 1000) // which a watch does not keep it
await watcher.ready
const withTwo = watcher.folderCount()

allowWatches(100)
const loss = once(events, 'loss')
const most = Number(readFileSync('/proc/sys/fs/inotify/max_queued_events', 'latin1'))
// Two of them by turns, for the same event twice in a row is one.
for (let time = 0; time <= most; time += 1) utimesSync(paths[time % 2] ?? folder, time, time)
await loss
await watcher.renew()
process.stdout.write(JSON.stringify({ timesExhausted, withTwo, withEnough: watcher.folderCount() }))
watcher.close()
clearInterval(alive)

function allowWatches(count: number): void {
  writeFileSync('/proc/sys/user/max_inotify_watches', `${count}`)
}
