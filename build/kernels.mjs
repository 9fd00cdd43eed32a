// Compiles the AssemblyScript kernels of the wasm backend into out/kernels: relaxed.wasm (fused multiply-add) and
// plain.wasm (SIMD of 2021, for engines that refuse the first). Skipped in milliseconds when the sources have not
// changed: a hash of them lies beside the outputs. Use: node build/kernels.mjs [folder], or import { buildKernels }.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'

const root = join(import.meta.dirname, '..')
const sources = join(root, 'src-main', 'engine', 'devices', 'wasm', 'assembly')

const builds = {
  'relaxed.wasm': ['--enable', 'relaxed-simd'],
  'plain.wasm': [],
}

const options = [
  '-O3',
  '--runtime',
  'stub',
  '--noAssert',
  '--importMemory',
  '--sharedMemory',
  '--initialMemory',
  '1',
  '--maximumMemory',
  '65536',
  '--enable',
  'threads',
  '--enable',
  'simd',
]

/** Brings out/kernels up to date; true when something was compiled. Throws the compiler's messages. */
export async function buildKernels(folder = join(root, 'out', 'kernels')) {
  const stamp = join(folder, 'sources.sha256')
  const digest = hashSources()
  const complete = Object.keys(builds).every((name) => existsSync(join(folder, name)))
  if (complete && existsSync(stamp) && readFileSync(stamp, 'utf8') === digest) return false
  mkdirSync(folder, { recursive: true })
  const { default: asc } = await import('assemblyscript/asc')
  for (const [name, extra] of Object.entries(builds)) {
    let compiled
    const { error, stderr } = await asc.main(
      ['index.ts', ...options, ...extra, '--baseDir', sources, '--outFile', name],
      {
        writeFile: (_name, contents) => {
          compiled = contents
        },
      },
    )
    if (error || !compiled) throw new Error(`asc failed on ${name}: ${stderr.toString() || error}`)
    replaceFile(join(folder, name), compiled)
  }
  replaceFile(stamp, digest)
  return true
}

function hashSources() {
  const hash = createHash('sha256').update(JSON.stringify([builds, options]))
  hash.update(createRequire(import.meta.url)('assemblyscript/package.json').version)
  for (const name of readdirSync(sources).sort()) hash.update(name).update(readFileSync(join(sources, name)))
  return hash.digest('hex')
}

// Two builds may run at once (tests beside a build): a reader must never see half a file.
function replaceFile(path, contents) {
  const temporary = `${path}.${process.pid}`
  writeFileSync(temporary, contents)
  renameSync(temporary, path)
}

if (process.argv[1] && resolve(process.argv[1]) === import.meta.filename) {
  const built = await buildKernels(process.argv[2])
  console.log(built ? 'kernels: compiled' : 'kernels: up to date')
}
