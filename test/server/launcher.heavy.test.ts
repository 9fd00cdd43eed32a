// npm start as a person starts it: whoever in the chain (npm, its shell, build/run.mjs, the server) is killed, even by
// kill -9, the port is closed soon after and no process stays. The bundles must be built.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { alive } from '../alive.ts'

const root = join(import.meta.dirname, '..', '..')

describe.runIf(process.platform === 'linux')('npm start', () => {
  let home = ''
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), 'basil-launch-'))
  })
  afterEach(() => rm(home, { recursive: true, force: true }))

  it.each([
    ['npm', /^npm start/, 'SIGKILL'],
    ['npm', /^npm start/, 'SIGTERM'],
    ['run.mjs', /^node build\/run\.mjs/, 'SIGKILL'],
    ['run.mjs', /^node build\/run\.mjs/, 'SIGINT'],
    ['the server', /build\/start\.mjs --no-window$/, 'SIGKILL'],
  ] as const)('ends whole when %s (%s) gets %s', async (_name, pattern, signal) => {
    const npm = spawn('npm', ['start', '--', '--no-window'], {
      cwd: root,
      env: { ...process.env, BASIL_HOME: home, NODE_OPTIONS: '' },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const { origin } = new URL(await printedAddress(npm))
    const family = await familyOf(npm.pid ?? 0)
    expect((await fetch(origin)).status).toBe(200)
    const victim = family.find(({ command }) => pattern.test(command) && !command.startsWith('sh '))
    expect(victim?.command).toMatch(pattern)
    process.kill(victim?.pid ?? 0, signal)
    await expect
      .poll(() =>
        fetch(origin).then(
          () => 'open',
          () => 'closed',
        ),
      )
      .toBe('closed')
    await expect.poll(() => family.filter(({ pid }) => alive(pid)).map(({ command }) => command)).toEqual([])
  })
})

function printedAddress(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    if (!child.stdout) throw new Error('npm has no output to read')
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [address] = /http:\/\/127\.0\.0\.1:\d+\/#token=\S+/.exec(line) ?? []
      if (address) resolve(address)
    })
    child.on('exit', (code) => reject(new Error(`npm start ended with exit code ${code}`)))
  })
}

interface Process {
  pid: number
  parent: number
  command: string
}

/** A process and all below it. */
async function familyOf(top: number): Promise<Process[]> {
  const all = await Promise.all((await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(processOf))
  const below = (pid: number): Process[] => all.flatMap((one) => (one?.parent === pid ? [one, ...below(one.pid)] : []))
  return [...all.flatMap((one) => (one?.pid === top ? [one] : [])), ...below(top)]
}

async function processOf(name: string): Promise<Process | undefined> {
  try {
    const stat = await readFile(`/proc/${name}/stat`, 'utf8')
    const command = (await readFile(`/proc/${name}/cmdline`, 'utf8')).split('\0').join(' ').trim()
    return { pid: Number(name), parent: Number(stat.split(') ').at(-1)?.split(' ')[1]), command }
  } catch {
    return undefined // gone meanwhile
  }
}
