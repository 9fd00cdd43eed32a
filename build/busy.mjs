// Runs a command beside so many busy loops, as on a machine that others use too:  node build/busy.mjs 4 npm test
// Tests that pass beside them depend on no clock.
import { spawn } from 'node:child_process'
import { Worker } from 'node:worker_threads'

const [loops, program, ...args] = process.argv.slice(2)
if (!(Number(loops) > 0) || !program) {
  console.error('Use: node build/busy.mjs LOOPS PROGRAM [ARGUMENT...]')
  process.exit(2)
}
for (let i = 0; i < Number(loops); i += 1) new Worker('for (;;);', { eval: true }).unref()
const child = spawn(program, args, { stdio: 'inherit' })
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('error', (error) => {
  console.error(error.message)
  process.exit(1)
})
child.on('exit', (code, signal) => process.exit(signal ? 1 : code))
