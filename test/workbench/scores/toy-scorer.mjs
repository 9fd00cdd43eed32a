// A scoring program without a model to run: it reads the float32 tensors of a safetensors file itself. Use:
//   node toy-scorer.mjs WHAT MODEL [RECORD]
// fit: how near all elements are to 0.5, -0.25, ...; two: that, and the sum of their sizes, as JSON behind another
// line. RECORD gets a line for each model. hang: the second model is never scored; the record then holds this process'
// id. held: as fit, but from the seventh on none is scored before there is a file RECORD.go.
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'

const [what, model, record] = process.argv.slice(2)
const bytes = readFileSync(model)
const length = Number(bytes.readBigUInt64LE(0))
const header = JSON.parse(bytes.subarray(8, 8 + length).toString('utf8'))
const values = Object.entries(header).flatMap(([name, { data_offsets: [from, to] = [0, 0] }]) => {
  if (name === '__metadata__') return []
  const part = bytes.subarray(8 + length + from, 8 + length + to)
  return Array.from({ length: part.length / 4 }, (_, i) => part.readFloatLE(4 * i))
})
const wanted = [0.5, -0.25]
const fit = -values.reduce((sum, value, i) => sum + (value - wanted[i % 2]) ** 2, 0)
const size = values.reduce((sum, value) => sum + Math.abs(value), 0)
const before = record !== undefined && existsSync(record) ? readFileSync(record, 'utf8').split('\n').length - 1 : 0
const isSecond = before > 0
if (record !== undefined) appendFileSync(record, what === 'hang' && isSecond ? `${process.pid}\n` : 'scored\n')
while (what === 'held' && before >= 6 && !existsSync(`${record}.go`)) await setTimeout(20)
if (what === 'hang' && isSecond) setInterval(() => undefined, 1000)
else if (what === 'two') console.log(`some words before\n${JSON.stringify({ fit, size })}`)
else console.log(fit)
