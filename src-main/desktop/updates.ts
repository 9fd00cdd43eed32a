// A newer version of the installed program, by electron-updater: looked for once a day where the person wants that
// (Settings; off until then), or at a button; fetched at a button alone. What comes is held to two things: the hash
// that the release's list says (electron-updater), and an Ed25519 signature of version and file by the key that this
// program was packed with (update-key.pem), which who can change the server has not. It is put in place when the
// program ends, after everything of the person's is closed. A program packed without a key asks nobody for anything.
import { createPublicKey, verify } from 'node:crypto'

import type { AppUpdater } from 'electron-updater'
import { z } from 'zod'

import { lookingKey, type UpdatesShown } from '../contract/api/updates.ts'
import { BasilError, recordOf } from '../contract/errors.ts'
import { dropFetched, sha512Of } from '../files/packed.ts'
import type { Updates } from '../workbench/platform.ts'
import type { PreferenceStore } from '../workbench/preferences.ts'
import { createPulse } from '../workbench/pulse.ts'

const day = 24 * 60 * 60 * 1000 // milliseconds

type Choices = 'autoDownload' | 'autoInstallOnAppQuit' | 'allowDowngrade' | 'disableWebInstaller'
type Acts = 'checkForUpdates' | 'downloadUpdate' | 'quitAndInstall' | 'on'
/** Of electron-updater, what is used. */
export type Updater = Pick<AppUpdater, Choices | Acts | 'requestHeaders' | 'logger'>

export interface UpdateParts {
  key: string | null // PEM of the public key; null: this program was packed without one
  updater: () => Promise<Updater> // loaded when it is first needed
  preferences: Pick<PreferenceStore, 'all'>
}

export interface DesktopUpdates extends Updates {
  /** Looks now and every day, where the person wants that. */
  begin(): void
  /** What is ready, as the last thing before the program ends. */
  putInPlace(): void
}

export async function electronUpdater(): Promise<Updater> {
  const { default: library } = await import('electron-updater')
  return library.autoUpdater
}

/** Of the release's list; a signature for each file. */
const signedSchema = z.object({ version: z.string(), signatures: z.array(z.base64()) })

export function createUpdates({ key, updater, preferences }: UpdateParts): DesktopUpdates {
  let shown: UpdatesShown = {
    absent: key === null ? 'this program was packed without a place to ask' : '',
    ...{ step: 'idle', version: '', bytes: 0, done: 0, looked: null, error: null },
  }
  const pulse = createPulse(() => shown)
  let loaded: Promise<Updater> | undefined
  let ready: Updater | undefined
  let offer: unknown // the release's list, as it came

  function become(change: Partial<UpdatesShown>): UpdatesShown {
    shown = { ...shown, ...change }
    pulse.beat()
    return shown
  }

  async function prepared(): Promise<Updater> {
    const one = await updater()
    cautious(one)
    one.on('download-progress', ({ transferred }) => become({ done: transferred }))
    return one
  }

  /** One step at a time; one that fails goes back to the step before. */
  async function stepping(step: 'looking' | 'fetching', act: (one: Updater) => Promise<Partial<UpdatesShown>>) {
    const isBusy = shown.step === 'looking' || shown.step === 'fetching' || shown.step === 'ready'
    if (shown.absent !== '' || isBusy) return shown
    const before = shown.step
    become({ step, error: null, done: 0 })
    try {
      loaded ??= prepared()
      return become(await act(await loaded))
    } catch (thrown) {
      return become({ step: before, error: recordOf(thrown instanceof BasilError ? thrown : unreached(thrown)) })
    }
  }

  const look = (): Promise<UpdatesShown> =>
    stepping('looking', async (one) => {
      const found = await one.checkForUpdates()
      const looked = new Date().toISOString()
      if (!found?.isUpdateAvailable) return { step: 'newest', looked }
      const { version, files } = found.updateInfo
      offer = found.updateInfo
      return { step: 'found', version, bytes: files[0]?.size ?? 0, looked }
    })

  const fetch = async (): Promise<UpdatesShown> => {
    if (shown.step !== 'found') return shown
    return stepping('fetching', async (one) => {
      const [file] = await one.downloadUpdate()
      if (key === null || file === undefined || !(await isSigned(offer, file, key))) {
        if (file !== undefined) await dropFetched(file)
        throw notSigned(file ?? '')
      }
      ready = one
      return { step: 'ready' }
    })
  }

  return {
    show: () => shown,
    watch: () => pulse.watch(),
    ...{ look, fetch },
    begin: () => {
      const lookIfWanted = (): void => {
        if (preferences.all()[lookingKey] === true) void look()
      }
      if (shown.absent !== '') return
      lookIfWanted()
      setInterval(lookIfWanted, day).unref()
    },
    putInPlace: () => ready?.quitAndInstall(true, false),
  }
}

/** Nothing by itself, and nothing of the person's. */
function cautious(one: Updater): void {
  one.autoDownload = false
  one.autoInstallOnAppQuit = false // not before its signature is checked
  one.allowDowngrade = false
  one.disableWebInstaller = true
  one.logger = null
  one.requestHeaders = { 'x-user-staging-id': '' } // it would send a number that stays with this installation
  one.on('error', () => undefined) // the call that failed tells it
}

/** What a release's key signs: the version, and the file's SHA-512 in base64, a line each. */
export const signedText = (version: string, sha512: string): Buffer => Buffer.from(`${version}\n${sha512}\n`)

async function isSigned(offer: unknown, file: string, key: string): Promise<boolean> {
  const said = signedSchema.safeParse(offer)
  if (!said.success) return false
  const text = signedText(said.data.version, await sha512Of(file))
  return said.data.signatures.some((one) => verify(null, text, createPublicKey(key), Buffer.from(one, 'base64')))
}

function notSigned(where: string): BasilError {
  return new BasilError({
    code: 'verify-failed',
    what: 'The newer version is not what was released',
    where,
    why: 'it does not carry the signature of the key that this program was packed with',
    next: 'do not install it; it has been removed here',
  })
}

function unreached(thrown: unknown): BasilError {
  const why = thrown instanceof Error ? thrown.message : String(thrown)
  return new BasilError({
    code: 'internal',
    what: 'A newer version could not be asked for',
    where: '',
    why: why.split('\n')[0]?.slice(0, 300) ?? '',
    next: 'look at the connection of this machine, then try again',
  })
}
