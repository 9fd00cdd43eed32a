// A machine on which shell can be run: this one, or another by OpenSSH, which keeps one connection open for all that
// follows, so that a site with a second factor asks for it once. Whatever is done on a cluster is done through here.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

import { BasilError } from '../../contract/errors.ts'

export interface Said {
  code: number
  stdout: Buffer
  stderr: Buffer
}

export interface Place {
  readonly host: string | null
  /**
   * A script of sh, with what goes to its standard input. Throws not-allowed where the host cannot be reached or does
   * not let us in; whatever else it says is given.
   */
  run(script: string, options?: { input?: Readable | string | Uint8Array; signal?: AbortSignal }): Promise<Said>
}

const most = 2 ** 28 // bytes of what it says
const unreached = 255 // ssh's own exit code

export function createPlace(host: string | null, ssh = process.env['BASIL_SSH'] || 'ssh'): Place {
  const command = (script: string): [string, string[]] =>
    host === null ? ['sh', ['-c', script]] : [ssh, [...sshOptions(host), '--', host, `sh -c ${quoted(script)}`]]
  return {
    host,
    run: async (script, { input = '', signal } = {}) => {
      const [program, args] = command(script)
      const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], signal, windowsHide: true })
      const chunks: Record<'stdout' | 'stderr', Buffer[]> = { stdout: [], stderr: [] }
      let size = 0
      for (const stream of ['stdout', 'stderr'] as const)
        child[stream].on('data', (chunk: Buffer) => {
          size += chunk.length
          if (size <= most) chunks[stream].push(chunk)
          else child.kill()
        })
      const closed = new Promise<number>((resolve, reject) => {
        child.on('error', reject)
        child.on('close', (code) => resolve(code ?? -1))
      })
      const source = input instanceof Readable ? input : Readable.from([input])
      // what does not read to its end has its reasons, and says them
      const [code] = await Promise.all([closed, pipeline(source, child.stdin).catch(() => undefined)]).catch(
        (error: unknown) => {
          throw signal?.aborted ? signal.reason : notStarted(program, error)
        },
      )
      const said = { code, stdout: Buffer.concat(chunks.stdout), stderr: Buffer.concat(chunks.stderr) }
      if (host !== null && code === unreached) throw notReached(host, said)
      return said
    },
  }
}

/** For sh. */
export const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** No question is asked that nobody can answer here; who is asked for a password logs in by ssh once before. */
function sshOptions(host: string): string[] {
  const sockets = join(tmpdir(), `basil-ssh-${process.getuid?.() ?? 0}`)
  mkdirSync(sockets, { recursive: true, mode: 0o700 })
  const socket = join(sockets, createHash('sha256').update(host).digest('hex').slice(0, 16))
  const one = process.platform === 'win32' ? [] : ['ControlMaster=auto', `ControlPath=${socket}`, 'ControlPersist=10m']
  const all = [...one, 'BatchMode=yes', 'ConnectTimeout=20', 'ServerAliveInterval=15', 'ServerAliveCountMax=4']
  return all.flatMap((option) => ['-o', option])
}

/** The last that is no sum of what stands before it. */
const lastLine = ({ stderr, stdout }: Pick<Said, 'stderr' | 'stdout'>): string => {
  const lines = [stdout, stderr].flatMap((bytes) => bytes.toString('utf8').split('\n'))
  const said = lines.filter((line) => line.trim() !== '' && !/^tar: (Exiting|Error is not recoverable)/.test(line))
  return said.at(-1)?.slice(0, 500) ?? 'it said nothing'
}

function notReached(host: string, said: Said): BasilError {
  return new BasilError({
    code: 'not-allowed',
    what: 'The host of the cluster cannot be reached',
    where: host,
    why: lastLine(said),
    next: 'see that "ssh HOST true" works without a question, by a key or by a connection that is open; then try again',
    inWindow: 'see that ssh to it works without a question, by a key or by a connection that is open; then try again',
  })
}

/** A script that failed, with the end of what it said. */
export function failedThere(what: string, place: Place, said: Said): BasilError {
  return new BasilError({
    code: 'not-supported',
    what,
    where: place.host ?? 'this machine',
    why: `${lastLine(said)} (exit code ${said.code})`,
    next: 'look at the cluster, and try again',
  })
}

function notStarted(program: string, error: unknown): BasilError {
  return new BasilError(
    {
      code: 'not-supported',
      what: 'A program is missing',
      where: program,
      why: error instanceof Error ? error.message : String(error),
      next: 'install OpenSSH on this machine',
    },
    { cause: error },
  )
}
