// A machine on which shell can be run: this one, or another by OpenSSH, which keeps one connection open for all that
// follows, so that a site with a second factor asks for it once. Whatever is done on a cluster is done through here.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { lstatSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

import { BasilError } from '../../contract/errors.ts'
import { makeFolder } from '../../files/made-folder.ts'
import { notReached, notStarted, type Said } from './said.ts'

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
const begins = '--- basil begins' // what stands before it is of a person's own shell, as it started

export function createPlace(host: string | null, ssh = process.env['BASIL_SSH'] || 'ssh'): Place {
  const command = (script: string): [string, string[]] =>
    host === null ? ['sh', ['-c', script]] : [ssh, [...sshOptions(host), '--', host, inAnyShell(script)]]
  return {
    host,
    run: async (script, { input = '', signal } = {}) => {
      const [program, args] = command(script)
      const child = spawn(program, args, {
        ...{ stdio: ['pipe', 'pipe', 'pipe'], signal, windowsHide: true },
        ...(host !== null && unasked()),
      })
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
      if (host === null) return said
      if (code === unreached) throw notReached(host, said)
      return { ...said, stdout: sinceItBegan(said.stdout) }
    },
  }
}

/** For sh. */
export const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

/** The log-in shell may be csh or fish, which read line ends, "!" and backslashes between quotes in their own ways. */
function inAnyShell(script: string): string {
  const bytes = Buffer.from(`echo '${begins}'\n${script}`)
  return `sh -c 'eval "$(echo ${bytes.toString('base64')} | base64 -d)"'`
}

function sinceItBegan(stdout: Buffer): Buffer {
  const at = stdout.indexOf(`${begins}\n`)
  return at < 0 ? stdout : stdout.subarray(at + begins.length + 1)
}

/**
 * No question is asked that nobody can answer here: BatchMode is for the host alone, and a host on the way to it would
 * ask at the terminal, or in a window of its own.
 */
const unasked = () =>
  process.platform === 'win32' ? {} : { detached: true, env: { ...process.env, SSH_ASKPASS: 'false' } }

function sshOptions(host: string): string[] {
  const one = process.platform === 'win32' ? [] : sharing(host)
  const all = [...one, 'BatchMode=yes', 'ConnectTimeout=20', 'ServerAliveInterval=15', 'ServerAliveCountMax=4']
  return all.flatMap((option) => ['-o', option])
}

/** Throws not-allowed where others could put connections in the place of ours. */
function sharing(host: string): string[] {
  const folder = join(tmpdir(), `basil-ssh-${process.getuid?.() ?? 0}`)
  makeFolder(folder, 0o700)
  const found = lstatSync(folder)
  if (!found.isDirectory() || found.uid !== process.getuid?.() || (found.mode & 0o077) !== 0) throw notOurs(folder)
  const socket = join(folder, createHash('sha256').update(host).digest('hex').slice(0, 16))
  return ['ControlMaster=auto', `ControlPath="${socket.replaceAll('%', '%%')}"`, 'ControlPersist=10m']
}

function notOurs(folder: string): BasilError {
  return new BasilError({
    code: 'not-allowed',
    what: 'Connections to clusters cannot be kept open',
    where: folder,
    why: 'the folder for them is not yours alone, and whoever else writes there could listen',
    next: 'take it away, or have whoever it belongs to do so, and try again',
  })
}
