// Tests start hundreds of processes. From its sources each would open some six hundred files to begin, which takes
// twice the processor's time of a file with all that it reads: before the tests they are bundled into out/test, beside
// one another as the packed program's files are. Outside of vitest a process starts from its source.
import { cpSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const out = join(root, 'out', 'test')

/** What is started as a process, by what the file beside the others is called: as the packed program calls them. */
const entries: Record<string, string> = {
  cli: 'src-main/cli.ts',
  engine: 'src-main/worker/door.ts',
  images: 'src-main/worker/images/thread.ts',
  remote: 'src-main/remote.ts',
  'toy-engine': 'test/workbench/toy-engine.ts',
  'native-double': 'test/workbench/native/native-double.ts',
  'install-main': 'test/workbench/native/install-main.ts',
  'reader-double': 'test/workbench/library/reader-double.ts',
  'export-main': 'test/faults/export-main.ts',
  'failing-engine': 'test/faults/failing-engine.ts',
  'full-main': 'test/faults/full-main.ts',
  'odd-main': 'test/faults/odd-main.ts',
  'toy-main': 'test/faults/toy-main.ts',
  'toy-migration': 'test/faults/toy-migration.ts',
  'toy-queue': 'test/faults/toy-queue.ts',
  'toy-study': 'test/faults/toy-study.ts',
  'unusual-main': 'test/faults/unusual-main.ts',
}

/** The file to start for a script of this repository, by its path there. */
export function started(source: string): string {
  const name = Object.keys(entries).find((name) => entries[name] === source)
  if (name === undefined) throw new Error(`${source} is none of the scripts in test/bundles.ts`)
  const folder = process.env['TEST_BUNDLES']
  return folder ? join(folder, `${name}.js`) : join(root, source)
}

/** Vitest's global setup. */
export async function setup(): Promise<void> {
  if (process.env['TEST_BUNDLES']) return
  const { build } = await import('vite') // by this alone: tests import this file
  const input = Object.fromEntries(Object.entries(entries).map(([name, source]) => [name, join(root, source)]))
  const made = await build({
    root,
    configFile: false,
    logLevel: 'error',
    ssr: { noExternal: true, external: ['better-sqlite3', 'sharp', 'webgpu'] }, // compiled for each machine
    build: {
      ssr: true,
      outDir: out,
      emptyOutDir: false, // another run of tests may be at work
      copyPublicDir: false,
      minify: false, // kernel threads start from source text
      target: 'node24',
      rolldownOptions: {
        input,
        output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: '[name]-[hash].js' },
      },
    },
  })
  const files = new Set([made].flat().flatMap((one) => ('output' in one ? one.output.map((o) => o.fileName) : [])))
  for (const name of readdirSync(out)) if (name.endsWith('.js') && !files.has(name)) rmSync(join(out, name))
  cpSync(join(root, 'src-main/history/migrations'), join(out, 'migrations'), { recursive: true })
  process.env['TEST_BUNDLES'] = out
}
