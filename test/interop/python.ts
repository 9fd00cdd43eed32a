// A real Python for tests: BASIL_PYTHON, which .ci/run sets, else out/ci/python. Where neither has the modules that are needed, the tests
// that ask for them are skipped, and a line says what to install.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const root = join(import.meta.dirname, '..', '..')

/** One that has the modules; undefined, with a line on the console, where there is none. */
export function pythonWith(...modules: string[]): string | undefined {
  const python = process.env.BASIL_PYTHON || join(root, 'out', 'ci', 'python', 'bin', 'python')
  const look = `import sys; from importlib.util import find_spec; sys.exit(not all(map(find_spec, ${JSON.stringify(modules)})))`
  if (existsSync(python) && spawnSync(python, ['-c', look], { stdio: 'ignore' }).status === 0) return python
  console.log(
    `Skipped: no Python at ${python} has ${modules.join(', ')}. Install test/interop/requirements.txt beside torch, as .ci/run does.`,
  )
  return undefined
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
