// Real Pythons for tests: "field" has what the field's code still runs on (Debian's torch 1.13, transformers 4.41),
// "newest" today's releases (torch 2.15, transformers 5). BASIL_PYTHON and BASIL_PYTHON_NEWEST name them, which .ci/run
// sets, else they are looked for in out/ci. Where the modules that are needed are not there, the tests that ask for
// them are skipped, and a line says what to install; with INTEROP_REQUIRED, as in CI, that is an error.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const root = join(import.meta.dirname, '..', '..')

const pythons = {
  field: { named: process.env.BASIL_PYTHON, folder: 'python', requirements: 'requirements.txt' },
  newest: { named: process.env.BASIL_PYTHON_NEWEST, folder: 'newest', requirements: 'requirements-newest.txt' },
}

/** One that has the modules; undefined, with a line on the console, where there is none. */
export function pythonWith(which: keyof typeof pythons, ...modules: string[]): string | undefined {
  const { named, folder, requirements } = pythons[which]
  const python = named || join(root, 'out', 'ci', folder, 'bin', 'python')
  const look = `import sys; from importlib.util import find_spec; sys.exit(not all(map(find_spec, ${JSON.stringify(modules)})))`
  if (existsSync(python) && spawnSync(python, ['-c', look], { stdio: 'ignore' }).status === 0) return python
  const missing = `no Python at ${python} has ${modules.join(', ')}. Install test/interop/${requirements}, as .ci/run does.`
  if (process.env.INTEROP_REQUIRED) throw new Error(missing)
  console.log(`Skipped: ${missing}`)
  return undefined
}

/** Runs a script of test/interop/cases, which writes its files into the folder that it is called with. */
export function generated(python: string, script: string, folder: string): string {
  const { status, stderr } = spawnSync(python, [join(import.meta.dirname, 'cases', script), folder], {
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(`${script}: ${stderr}`)
  return folder
}

export interface Conversation {
  ask(request: { do: string } & Record<string, unknown>): Promise<unknown>
  close(): void
}

/** A script that answers JSON lines. An answer with `error` rejects. */
export function converse(python: string, script: string): Conversation {
  const child = spawn(python, [script], { stdio: ['pipe', 'pipe', 'inherit'] })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    ask: async (request) => {
      child.stdin.write(`${JSON.stringify(request)}\n`)
      const { value, done } = await lines.next()
      if (done) throw new Error('Python ended')
      const answer = JSON.parse(value) as { result?: unknown; error?: string }
      if (answer.error !== undefined) throw new Error(answer.error)
      return answer.result
    },
    close: () => void child.stdin.end(),
  }
}
