// A scoring program without a model to run: it reads the float32 tensors of a safetensors file itself. Use:
//   node toy-scorer.mjs WHAT MODEL [RECORD]
// fit: how near all elements are to 0.5, -0.25, ...; two: that, and the sum of their sizes, as JSON behind another
// line. RECORD gets a line for each model. hang: the second model is never scored; the record then holds this process'
// id.
import { appendFileSync, existsSync, readFileSync } from 'node:fs'

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
const isSecond = record !== undefined && existsSync(record)
if (record !== undefined) appendFileSync(record, what === 'hang' && isSecond ? `${process.pid}\n` : 'scored\n')
if (what === 'hang' && isSecond) setInterval(() => undefined, 1000)
else if (what === 'two') console.log(`some words before\n${JSON.stringify({ fit, size })}`)
else console.log(fit)
