// pip as the person set it up: its own configuration is obeyed, so a mirror, a proxy or a folder of wheels
// (PIP_FIND_LINKS, PIP_NO_INDEX) serve as well as an index. The person's pip fetches one known pip, which fetches the
// rest: it goes on where a connection broke and says how far it is, which older ones do not.
import { existsSync } from 'node:fs'
import { rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { hashFile } from '../../files/hash.ts'
import { makeFolder } from '../../files/made-folder.ts'
import { installFailed, runChild } from './child.ts'
import type { Pin } from './wheels.ts'

const python = 'python3'
const oldest = 9 // Python 3.9: what the known pip runs on
const aptPip = 'install it (the system package python3-pip), then install the engine again'

/** Throws install-failed when there is no Python, no pip for it, or one that is too old. */
export async function requirePip(signal: AbortSignal): Promise<void> {
  const { code, missing, said } = await runChild(python, ['-m', 'pip', '--version'], { signal })
  if (missing)
    throw installFailed('Python is missing', python, 'pip fetches TensorFlow, and there is no python3', aptPip)
  if (code !== 0) throw installFailed('pip is missing', `${python} -m pip`, lastLine(said), aptPip)
  const [, major, minor] = /\(python (\d+)\.(\d+)/.exec(said) ?? []
  if (Number(major) === 3 && Number(minor) < oldest)
    throw installFailed('Python is too old', python, `it is 3.${minor}`, `install Python 3.${oldest} or newer`)
}

export interface Fetching {
  folder: string // of the wheels
  signal: AbortSignal
  onBytes?: (bytes: number) => void // of this wheel, so far
}

/** The wheel's file, whole: found in the folder, or fetched by pip. Throws install-failed, cancelled. */
export async function fetchWheel(pin: Pin, pip: Pin | null, { folder, signal, onBytes }: Fetching): Promise<string> {
  const file = join(folder, pin.file)
  if (await isWhole(file, pin)) return file
  await rm(file, { force: true })
  const parts = join(folder, 'parts')
  makeFolder(parts)
  const requirement = join(parts, 'requirement.txt')
  await writeFile(requirement, `${pin.project}==${pin.version} --hash=sha256:${pin.sha256}\n`)
  const known = pip ? [join(folder, pip.file, 'pip')] : ['-m', 'pip']
  const talk = pip ? ['--progress-bar', 'raw', '--resume-retries', '20'] : ['--progress-bar', 'off']
  const args = [
    'download',
    '--no-deps',
    '--no-cache-dir',
    '--require-hashes',
    '-r',
    requirement,
    '-d',
    folder,
    ...talk,
    ...tagsOf(pin),
  ]
  const { code, said } = await runChild(python, [...known, ...args], {
    signal,
    environment: { ...process.env, TMPDIR: parts, PIP_REQUIRE_VIRTUALENV: 'false', PIP_DISABLE_PIP_VERSION_CHECK: '1' },
    onLine: (line) => {
      const [, done] = /^Progress (\d+) of \d+/.exec(line) ?? []
      if (done !== undefined) onBytes?.(Math.min(Number(done), pin.bytes))
    },
  }).finally(() => rm(parts, { recursive: true, force: true }))
  if (code !== 0) throw refused(pin, said)
  if (!existsSync(file))
    throw installFailed('A wheel did not arrive', pin.file, 'pip ended well, but the file is not there', retry)
  if (await isWhole(file, pin)) return file
  await rm(file, { force: true })
  throw wrongHash(pin)
}

/** Every system's pip is to choose the same file, whatever Python runs it. */
function tagsOf({ file }: Pin): string[] {
  const platforms =
    file
      .replace(/\.whl$/, '')
      .split('-')
      .at(-1)
      ?.split('.') ?? []
  if (platforms[0] === 'any') return ['--only-binary=:all:']
  const python = ['--implementation', 'cp', '--python-version', '3.11', '--abi', 'cp311']
  return ['--only-binary=:all:', ...python, ...platforms.flatMap((platform) => ['--platform', platform])]
}

async function isWhole(file: string, { bytes, sha256 }: Pin): Promise<boolean> {
  const info = await stat(file).catch(() => undefined)
  return info?.size === bytes && (await hashFile(file)).sha256 === sha256
}

const retry = 'install again: what was downloaded whole is kept'

function refused(pin: Pin, said: string): Error {
  if (/DO NOT MATCH THE HASHES/i.test(said)) return wrongHash(pin)
  const wheel = `${pin.project} ${pin.version}`
  if (/No matching distribution|Could not find a version/i.test(said))
    return installFailed(
      'A wheel is not to be had',
      wheel,
      'the index that pip is set to does not offer it',
      'check "python3 -m pip config list" and the connection, or put the wheel into a folder and set PIP_FIND_LINKS to it',
    )
  return installFailed('A wheel could not be fetched', wheel, lastLine(said), `check the connection, then ${retry}`)
}

function wrongHash(pin: Pin): Error {
  return installFailed(
    'A downloaded wheel is not the one that was pinned',
    pin.file,
    `its SHA-256 is not ${pin.sha256}`,
    'install again; if it stays, the mirror that pip uses holds another file under this name',
  )
}

/** What pip blames, without its prefix and colours. */
function lastLine(said: string): string {
  const lines = said.split('\n').map((line) => line.trim())
  const line =
    lines.findLast((line) => /^ERROR:/.test(line)) ?? lines.findLast((line) => line !== '') ?? 'it said nothing'
  return line.replace(/^ERROR: /, '').slice(0, 300)
}
