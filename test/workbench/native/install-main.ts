// A program that installs, for tests that kill it: `install-main.ts HOME RESOURCES STEP` ends itself by SIGKILL where
// that step begins.
import { install } from '../../../src-main/workbench/native/install.ts'
import { nativeDouble } from './double.ts'

const [home = '', resources = '', last = ''] = process.argv.slice(2)
await install({
  home,
  resources,
  kind: 'cpu',
  start: nativeDouble,
  inUse: () => false,
  tell: (event) => event.type === 'step' && event.step === last && process.kill(process.pid, 'SIGKILL'),
  signal: new AbortController().signal,
})
