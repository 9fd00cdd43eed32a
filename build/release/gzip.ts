// What electron-builder calls to compress a tar, in the place of 7-Zip: "a [-switch ...] OUT.tar.gz IN.tar". 7-Zip
// would write the name and the date of the passing tar into the archive; this writes neither.
import { createReadStream, createWriteStream } from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'

const [command, ...rest] = process.argv.slice(2)
const [target = '', source, ...others] = rest.filter((arg) => !arg.startsWith('-'))
if (command !== 'a' || !target.endsWith('.gz') || source === undefined || others.length > 0) {
  console.error(`gzip.ts makes a .gz of one file and nothing else: ${process.argv.slice(2).join(' ')}`)
  process.exit(2)
}
const level = Number(/^-mx=(\d)$/m.exec(rest.join('\n'))?.[1] ?? 9)
await pipeline(createReadStream(source), createGzip({ level }), createWriteStream(target))
