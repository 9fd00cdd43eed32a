// The server ends when it is told to, whatever goes on in it.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { join } from 'node:path'

import { expect, onTestFinished, test } from 'vitest'

import { temporaryFolder, toyEntry } from '../workbench/toy.ts'

const root = join(import.meta.dirname, '../..')
const patience = 3 * 60_000 // against hanging

/** Resolves when the process has printed the words. */
function said(child: ChildProcess, stream: 'stdout' | 'stderr', words: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = ''
    child[stream]?.setEncoding('utf8').on('data', (more: string) => {
      text += more
      if (text.includes(words)) resolve()
    })
    child.on('exit', (code) => reject(new Error(`it ended with ${code}: ${text}`)))
  })
}

test.runIf(process.platform === 'linux')(
  'SIGTERM ends a server whose threads all wait for a disk',
  { timeout: patience },
  async () => {
    const home = temporaryFolder()
    const pipe = join(home, 'pipe')
    execFileSync('mkfifo', [pipe])
    const child = spawn(
      process.execPath,
      ['--import', join(import.meta.dirname, 'stuck.mjs'), join(root, 'src-main/cli.ts'), 'serve'],
      {
        env: { ...process.env, BASIL_HOME: home, BASIL_ENGINE: toyEntry, STUCK_AT: pipe },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    )
    onTestFinished(() => void child.kill('SIGKILL'))
    const ended = new Promise((resolve) => child.on('exit', (code, signal) => resolve(signal ?? code)))
    await said(child, 'stdout', 'Ctrl+C ends it')
    child.kill('SIGUSR2')
    await said(child, 'stderr', 'stuck')
    child.kill('SIGTERM')
    expect(await ended).toBe('SIGTERM')
  },
)
