// Newer versions on a double of electron-updater: nothing is asked before a person wants it, nothing is fetched without
// a word of theirs, and nothing is put in place that does not carry the signature of the packed key.
import { createHash, generateKeyPairSync, sign } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { AppUpdater } from 'electron-updater'
import { afterAll, beforeEach, expect, test, vi } from 'vitest'
import { parse } from 'yaml'

import { publicKeyOf, releaseList } from '../../build/release/list.ts'
import type { Preferences } from '../../src-main/contract/api/preferences.ts'
import { createUpdates, signedText, type Updater } from '../../src-main/desktop/updates.ts'
import { packedKey } from '../../src-main/files/packed.ts'

const folder = mkdtempSync(join(tmpdir(), 'basil-updates-'))
afterAll(() => rmSync(folder, { recursive: true }))
beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }))

const { publicKey, privateKey } = generateKeyPairSync('ed25519')
const other = generateKeyPairSync('ed25519')
const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
const program = Buffer.from('the program of version 2')
const sha512 = createHash('sha512').update(program).digest('base64')
const signed = (version: string, hash = sha512, key = privateKey): string =>
  sign(null, signedText(version, hash), key).toString('base64')

interface Release {
  version?: string
  signature?: string | undefined
  arrived?: Buffer
  isNewer?: boolean
}

/** A server with one release, and what was asked of it. */
function released({ version = '2.0.0', signature, arrived = program, isNewer = true }: Release) {
  const file = join(folder, 'Basil-2.0.0.AppImage')
  const files = [{ url: 'Basil-2.0.0.AppImage', sha512, size: program.length }]
  const offer = {
    version,
    files,
    path: '',
    sha512,
    releaseDate: '',
    ...(signature && { signatures: [signed('0.9.0'), signature] }),
  }
  const updater = Object.assign(new EventEmitter(), {
    ...{ autoDownload: true, autoInstallOnAppQuit: true, allowDowngrade: true, disableWebInstaller: false },
    ...{ requestHeaders: null, logger: console },
    checkForUpdates: vi.fn<AppUpdater['checkForUpdates']>(async () => ({
      ...{ isUpdateAvailable: isNewer, updateInfo: offer, versionInfo: offer },
    })),
    downloadUpdate: vi.fn<AppUpdater['downloadUpdate']>(async () => {
      writeFileSync(file, arrived)
      updater.emit('download-progress', { transferred: arrived.length })
      return [file]
    }),
    quitAndInstall: vi.fn<AppUpdater['quitAndInstall']>(),
  }) satisfies Record<keyof Omit<Updater, 'on'>, unknown>
  return { updater, file }
}

function updatesOf(release: Release, kept: Preferences = {}, key: string | null = pem) {
  const { updater, file } = released(release)
  const load = vi.fn(async () => updater as unknown as Updater)
  return { updater, file, load, updates: createUpdates({ key, updater: load, preferences: { all: () => kept } }) }
}

test('until a person wants it nothing is loaded and nobody is asked, however long the program runs', async () => {
  const kept: Preferences = {}
  const { updates, load } = updatesOf({}, kept)
  updates.begin()
  await vi.advanceTimersByTimeAsync(10 * 24 * 60 * 60 * 1000)
  updates.putInPlace()
  expect(load).not.toHaveBeenCalled()
  expect(updates.show()).toMatchObject({ absent: '', step: 'idle', looked: null })
})

test('where a person wants it, it is looked for at the start and each day, and fetched by nobody', async () => {
  const { updates, updater } = updatesOf({}, { 'updates.look': true })
  updates.begin()
  await vi.advanceTimersByTimeAsync(3 * 24 * 60 * 60 * 1000)
  expect(updater.checkForUpdates).toHaveBeenCalledTimes(4)
  expect(updater.downloadUpdate).not.toHaveBeenCalled()
  expect(updater).toMatchObject({ autoDownload: false, autoInstallOnAppQuit: false, allowDowngrade: false })
  expect(updater.requestHeaders).toEqual({ 'x-user-staging-id': '' })
  expect(updates.show()).toMatchObject({ step: 'found', version: '2.0.0', bytes: program.length })
})

test('turned off again, it looks no more', async () => {
  const kept: Preferences = { 'updates.look': true }
  const { updates, updater } = updatesOf({ isNewer: false }, kept)
  updates.begin()
  kept['updates.look'] = false
  await vi.advanceTimersByTimeAsync(2 * 24 * 60 * 60 * 1000)
  expect(updater.checkForUpdates).toHaveBeenCalledOnce()
  expect(updates.show()).toMatchObject({ step: 'newest' })
})

test('a program without a key of its own asks nobody, also at the button', async () => {
  const { updates, load } = updatesOf({}, { 'updates.look': true }, null)
  updates.begin()
  expect((await updates.look()).absent).not.toBe('')
  expect(load).not.toHaveBeenCalled()
  for (const name of ['app-update.yml', 'update-key.pem']) {
    expect(packedKey(folder)).toBeNull()
    writeFileSync(join(folder, name), pem)
  }
  expect(packedKey(folder)).toBe(pem)
})

test('what is signed is put in place when the program ends, and not before', async () => {
  const { updates, updater } = updatesOf({ signature: signed('2.0.0') })
  await updates.fetch() // nothing was found yet
  expect(updater.downloadUpdate).not.toHaveBeenCalled()
  await updates.look()
  expect(await updates.fetch()).toMatchObject({ step: 'ready', done: program.length, error: null })
  expect(updater.quitAndInstall).not.toHaveBeenCalled()
  updates.putInPlace()
  expect(updater.quitAndInstall).toHaveBeenCalledExactlyOnceWith(true, false)
})

test.each<[string, Release]>([
  ['has no signature', {}],
  ['is signed by another', { signature: signed('2.0.0', sha512, other.privateKey) }],
  ['is signed as another version', { signature: signed('1.9.0') }],
  ['is another file', { signature: signed('2.0.0'), arrived: Buffer.from('another program') }],
  ['has what is no signature', { signature: 'no base64 at all!' }],
])('what %s is removed, told, and never put in place', async (_name, release) => {
  const { updates, updater, file } = updatesOf(release)
  await updates.look()
  expect(await updates.fetch()).toMatchObject({ step: 'found', error: { code: 'verify-failed' } })
  expect(existsSync(file)).toBe(false)
  updates.putInPlace()
  expect(updater.quitAndInstall).not.toHaveBeenCalled()
})

test('the list that a release writes is what the program checks, for each of its files', async () => {
  const key = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
  const files = ['Basil-2.0.0.AppImage', 'basil_2.0.0_amd64.deb'].map((name) => join(folder, name))
  for (const [i, file] of files.entries()) writeFileSync(file, `program ${i}`)
  const list = releaseList({ version: '2.0.0', files, epoch: 1_764_400_000, key })
  expect(list).toContain('releaseDate: 2025-11-29T')
  for (const i of [0, 1]) {
    const { updates, updater } = updatesOf({ arrived: Buffer.from(`program ${i}`) }, {}, publicKeyOf(key))
    const updateInfo = { releaseDate: '', ...parse(list) }
    updater.checkForUpdates.mockResolvedValue({ isUpdateAvailable: true, updateInfo, versionInfo: updateInfo })
    await updates.look()
    expect(await updates.fetch()).toMatchObject({ step: 'ready', version: '2.0.0' })
  }
})

test('a server that cannot be reached is told, and may be asked again', async () => {
  const { updates, updater } = updatesOf({ signature: signed('2.0.0') })
  updater.checkForUpdates.mockRejectedValueOnce(new Error('net::ERR_NAME_NOT_RESOLVED'))
  expect(await updates.look()).toMatchObject({ step: 'idle', error: { why: 'net::ERR_NAME_NOT_RESOLVED' } })
  expect(await updates.look()).toMatchObject({ step: 'found', error: null })
})
