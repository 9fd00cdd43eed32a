// A program that installs, for tests that kill it: `install-main.ts HOME RESOURCES`, one event a line.
import { install } from '../../../src-main/workbench/native/install.ts'
import { nativeDouble } from './double.ts'

const [home = '', resources = ''] = process.argv.slice(2)
const tell = (event: unknown): void => void process.stdout.write(`${JSON.stringify(event)}\n`)
await install({
  home,
  resources,
  kind: 'cpu',
  start: nativeDouble,
  inUse: () => false,
  tell,
  signal: new AbortController().signal,
})
