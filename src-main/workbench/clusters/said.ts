// What a program that was run at a place said, as an error that a person can act on: a script that failed there by the
// end of what it said, and ssh, which did not get there, by why it says it did not.
import { BasilError, type ErrorRecord } from '../../contract/errors.ts'

export interface Said {
  code: number
  stdout: Buffer
  stderr: Buffer
}

/** The last that is no sum of what stands before it. */
const lastLine = (...said: Buffer[]): string | null => {
  const lines = said.flatMap((bytes) => bytes.toString('utf8').split(/\r?\n/))
  const own = lines.filter((line) => line.trim() !== '' && !/^tar: (Exiting|Error is not recoverable)/.test(line))
  return own.at(-1)?.slice(0, 500) ?? null
}

/** A script that failed, with the end of what it said. host: null is this machine. */
export function failedThere(
  what: string,
  { host }: { host: string | null },
  { code, stdout, stderr }: Said,
): BasilError {
  return new BasilError({
    code: 'not-supported',
    what,
    where: host ?? 'this machine',
    why: `${lastLine(stdout, stderr) ?? 'it said nothing'} (exit code ${code})`,
    next: 'look at the cluster, and try again',
  })
}

type Cause = Pick<ErrorRecord, 'why' | 'next' | 'inWindow'>

/** ssh did not get to the host, or was cut off from it. */
export function notReached(host: string, { stderr }: Said): BasilError {
  const said = stderr.toString('utf8')
  const known = keyChanged(host, said) ?? keyUnknown(host, said) ?? keyRefused(host, said) ?? wayClosed(host, said)
  const cause = known ?? other(host, stderr)
  return new BasilError({
    code: 'not-allowed',
    what: 'The host of the cluster cannot be reached',
    where: host,
    ...cause,
  })
}

function keyChanged(host: string, said: string): Cause | null {
  if (!/HOST IDENTIFICATION HAS CHANGED/.test(said)) return null
  const line = /^Offending .*key in (.+:\d+)\r?$/m.exec(said)?.[1]
  const asked =
    'ask whoever looks after the host whether its key was changed; if not, somebody stands in between. If so,'
  const old = `${asked} have the line of the old key taken out of ${line ? 'that file' : 'known_hosts'}`
  return {
    why: `it shows another key than the one that ssh knows it by${line ? ` (${line})` : ''}`,
    next: `${old}, log in once by "ssh ${host}", look at the new key, and try again`,
    inWindow: `${old}, have ssh learn the new one by logging in once, and try again`,
  }
}

function keyUnknown(host: string, said: string): Cause | null {
  if (!/Host key verification failed/.test(said)) return null
  return {
    why: 'ssh does not know its key yet',
    next: `log in once by "ssh ${host}", look at the key that it shows, and try again`,
    inWindow: 'have ssh learn it by logging in once, and try again',
  }
}

function keyRefused(host: string, said: string): Cause | null {
  const line = /^.*(Permission denied|Too many authentication failures).*$/m.exec(said)?.[0]
  if (line === undefined) return null
  const how = 'have your key put into authorized_keys there, a key with a passphrase into the agent here'
  const code = 'where the site asks for a code, open a connection by hand before'
  return {
    why: `it does not let you in without a question: ${line.trim().slice(0, 300)}`,
    next: `${how}; ${code}. See that "ssh -o BatchMode=yes ${host} true" works, and try again`,
    inWindow: `${how}; ${code} (the guide on clusters says how). Then try again`,
  }
}

/** What ssh says of a ProxyJump or ProxyCommand, whose own words it drops. */
function wayClosed(host: string, said: string): Cause | null {
  if (!/UNKNOWN port 65535/.test(said)) return null
  const cause = 'its key is not known yet, or it does not let you in without a question'
  return {
    why: 'a host on the way to it, or the command that leads there, ended the connection',
    next: `log in once by "ssh ${host}" and see what it asks or says: ${cause}; then try again`,
    inWindow: `log in to it once by ssh and see what the host on the way asks or says: ${cause}; then try again`,
  }
}

const other = (host: string, stderr: Buffer): Cause => ({
  why: lastLine(stderr) ?? 'the connection ended before the answer was whole',
  next: `see that "ssh -o BatchMode=yes ${host} true" works, by a key or by a connection that is open; then try again`,
  inWindow: 'see that ssh to it works without a question, by a key or by a connection that is open; then try again',
})

export function notStarted(program: string, error: unknown): BasilError {
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
