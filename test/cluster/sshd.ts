// A real OpenSSH for a test: its server on 127.0.0.1 and its client, from Debian's packages unpacked into a folder
// (BASIL_OPENSSH, else out/ci/openssh, which .ci/run makes) and not installed, with keys of their own. It runs as whoever
// runs the test, and lets nobody else in. A server that root runs wants an account and a folder of its own: it has them
// in a namespace of mounts, and the machine stays as it was.
// Tests are skipped with a line where the packages are not; with SSH_REQUIRED, as in CI, that is an error.
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'

import { patience } from '../patience.ts'
import { isHere } from './required.ts'

const unpacked = process.env['BASIL_OPENSSH'] || join(import.meta.dirname, '..', '..', 'out', 'ci', 'openssh')
const libraries = join(unpacked, 'usr', 'lib', 'x86_64-linux-gnu')
const env = { ...process.env, LD_LIBRARY_PATH: libraries }
const server = join(unpacked, 'usr', 'sbin', 'sshd')
const client = (name: string): string => join(unpacked, 'usr', 'bin', name)
/** A log-in shell that is none of sh's kind. */
export const tcsh = join(unpacked, 'bin', 'tcsh')

/** Whether one can be started here. */
export function sshdHere(): boolean {
  const found = existsSync(server) && existsSync(client('ssh'))
  return isHere(found, `no OpenSSH in ${unpacked}: unpack Debian's packages there`, 'SSH_REQUIRED')
}

export interface Sshd {
  readonly port: number
  /** Its client, with a configuration of its own in the place of a person's. */
  readonly ssh: string
  /** By its key, which the client knows, and with a key that it takes. */
  readonly host: string
  /**
   * The same server by another name. known: file of host keys, else the client's own. key: of the person, else the one
   * that is taken; forced: what the server runs for this key in the place of what it was asked for. more: lines of
   * ssh_config.
   */
  alias(how: { known?: string; key?: string; forced?: string; more?: string[] }): Promise<string>
  /** Process ids of its connections. */
  connections(): number[]
  /** kill -9 of each of them. Gives how many there were. */
  cut(): number
  /** No new connection; those that are open stay. */
  stop(): Promise<void>
  /** At the port that it had. */
  start(): Promise<void>
  newHostKey(): Promise<void>
  /** The client takes the server's present key for the right one. */
  know(): Promise<void>
  logs(): Promise<string>
  /** Ends what was started here. */
  end(): Promise<void>
}

/** path: of folders that stand in front of PATH in what is run by it. */
export async function startSshd(path: readonly string[] = []): Promise<Sshd> {
  const folder = await mkdtemp(join(tmpdir(), 'basil-sshd-'))
  const at = (name: string): string => join(folder, name)
  const [port, host] = [await freePort(), `basil-${randomBytes(4).toString('hex')}`]
  for (const name of ['host_key', 'key']) await makeKey(at(name))
  await writeFile(at('authorized_keys'), await readFile(at('key.pub')))
  await writeFile(at('sshd_config'), serverConfiguration(folder, port, path))
  await writeFile(
    at('ssh'),
    `#!/bin/sh\nLD_LIBRARY_PATH='${libraries}' exec '${client('ssh')}' -F '${at('config')}' "$@"\n`,
  )
  await chmod(at('ssh'), 0o755)
  const know = async (): Promise<void> =>
    writeFile(at('known_hosts'), `[127.0.0.1]:${port} ${await readFile(at('host_key.pub'), 'utf8')}`)
  await know()

  const names: string[] = []
  const logs = (): Promise<string> => readFile(at('log'), 'utf8').catch(() => '(no log)')
  let own: ChildProcess | null = null
  const sshd: Sshd = {
    ...{ port, host, ssh: at('ssh'), logs, know },
    alias: async ({ known = at('known_hosts'), key = at('key'), forced, more = [] }) => {
      const name = names.length === 0 ? host : `${host}-${names.length}`
      const to = ['HostName 127.0.0.1', `Port ${port}`, `User ${userInfo().username}`, `IdentityFile ${key}`]
      const alone = ['IdentitiesOnly yes', 'IdentityAgent none', `UserKnownHostsFile ${known}`]
      names.push([`Host ${name}`, ...to, ...alone, 'GlobalKnownHostsFile none', ...more].join('\n  '))
      await writeFile(at('config'), `${names.join('\n')}\n`)
      if (forced) {
        const line = `command="${forced.replaceAll('"', '\\"')}" ${await readFile(`${key}.pub`, 'utf8')}`
        await writeFile(at('authorized_keys'), line, { flag: 'a' })
      }
      return name
    },
    connections: () => (own?.pid ? descendants(own.pid).filter(isSshd) : []),
    cut: () => {
      const all = sshd.connections()
      for (const pid of all) process.kill(pid, 'SIGKILL')
      return all.length
    },
    stop: async () => {
      if (own === null || own.exitCode !== null || own.signalCode !== null) return
      const ended = new Promise((resolve) => own?.once('exit', resolve))
      own.kill()
      await ended
    },
    start: async () => {
      own = begin(folder)
      await until(() => answers(port), logs)
    },
    newHostKey: async () => {
      await rm(at('host_key'))
      await makeKey(at('host_key'))
    },
    end: async () => {
      sshd.cut()
      await sshd.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
  await sshd.alias({})
  await sshd.start()
  return sshd
}

/**
 * A folder for PATH, with these programs of sh. They know "cut": it kills the server's
 * process of the connection that they are run over.
 */
export async function programsThere(folder: string, texts: Record<string, string>): Promise<string> {
  await mkdir(folder)
  const cut = `cut() {
  pid=$PPID
  while [ "$pid" -gt 1 ] && ! grep -q ^sshd "/proc/$pid/comm"; do pid=$(sed -n 's/^PPid:\\t//p' "/proc/$pid/status"); done
  [ "$pid" -gt 1 ] && kill -9 "$pid"
}`
  for (const [name, text] of Object.entries(texts))
    await writeFile(join(folder, name), `#!/bin/sh\n${cut}\n${text}\n`, { mode: 0o755 })
  return folder
}

/** A pair without a passphrase: FILE and FILE.pub. */
export async function makeKey(file: string): Promise<void> {
  await promisify(execFile)(client('ssh-keygen'), ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', file], { env })
}

const serverConfiguration = (folder: string, port: number, path: readonly string[]): string =>
  `${[
    'ListenAddress 127.0.0.1',
    `Port ${port}`,
    `HostKey ${join(folder, 'host_key')}`,
    `AuthorizedKeysFile ${join(folder, 'authorized_keys')}`,
    'PidFile none',
    'UsePAM no',
    'StrictModes no', // the folder is of a temporary folder that all may write to
    'PermitRootLogin prohibit-password',
    'PasswordAuthentication no',
    'KbdInteractiveAuthentication no',
    `AllowUsers ${userInfo().username}`,
    'LogLevel VERBOSE',
    `SetEnv PATH=${[...path, process.env['PATH'] ?? '/usr/bin:/bin'].join(':')}`,
  ].join('\n')}\n`

/** The process that listens: what is put around it takes its place. */
function begin(folder: string): ChildProcess {
  const sshd = [server, '-D', '-f', join(folder, 'sshd_config'), '-E', join(folder, 'log')]
  const asRoot = `grep -q ^sshd: /etc/passwd || {
  { cat /etc/passwd && echo 'sshd:x:65533:65534::/run/sshd:/usr/sbin/nologin'; } >'${folder}/passwd'
  mount --bind '${folder}/passwd' /etc/passwd
}
[ -d /run/sshd ] || { mount -t tmpfs -o mode=755 basil /run && mkdir /run/sshd; }
exec "$@"`
  const isRoot = process.getuid?.() === 0
  const [program = '', ...args] = isRoot ? ['unshare', '--mount', 'sh', '-ec', asRoot, 'sh', ...sshd] : sshd
  return spawn(program, args, { env, stdio: ['ignore', 'ignore', 'inherit'] })
}

function descendants(pid: number): number[] {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
    return children.flatMap((child) => [child, ...descendants(child)])
  } catch {
    return [] // it has just ended
  }
}

function isSshd(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').startsWith('sshd')
  } catch {
    return false
  }
}

async function freePort(): Promise<number> {
  const listening = createServer()
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  const address = listening.address()
  await new Promise((resolve) => listening.close(resolve))
  return address !== null && typeof address === 'object' ? address.port : 0
}

const answers = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1')
    socket.once('data', () => resolve(socket.destroy().destroyed)) // its version
    socket.once('error', () => resolve(false))
    socket.once('end', () => resolve(false))
  })

async function until(holds: () => Promise<boolean>, logs: () => Promise<string>): Promise<void> {
  const end = Date.now() + patience
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`The ssh server does not answer:\n${await logs()}`)
    await pause(50)
  }
}
