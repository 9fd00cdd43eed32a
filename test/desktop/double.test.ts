// The double holds nothing that Electron does not declare: the compiler compares its names and functions with
// electron.d.ts, and this test asks that file for each event that our program listens to. Without it a test on the
// double could pass on a method that Electron never had.
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

import type * as Electron from 'electron'
import { expect, test, vi } from 'vitest'

import * as double from './electron-double.ts'

vi.mock('electron', () => import('./electron-double.ts'))

const folder = join(import.meta.dirname, '..', '..', 'src-main', 'desktop')
const declared = readFileSync(
  join(dirname(createRequire(import.meta.url).resolve('electron/package.json')), 'electron.d.ts'),
  'utf8',
)

type Functions<T> = { [Name in keyof T as T[Name] extends (...args: never[]) => unknown ? Name : never]: T[Name] }
type Arguments<T> = T extends (...args: infer A) => unknown ? A : never

/** The names that the double has beyond Electron's, and functions that do not take what Electron's take. */
type Strangers<Double, Real> = {
  [Name in Exclude<keyof Functions<Double>, keyof NodeJS.EventEmitter>]: Name extends keyof Real
    ? Arguments<Real[Name]> extends Arguments<Functions<Double>[Name]>
      ? never
      : Name
    : Name
}[Exclude<keyof Functions<Double>, keyof NodeJS.EventEmitter>]

const none = <Found extends never>(): Found[] => []

test('has no function that Electron does not declare, each taking what Electron’s takes', () => {
  expect([
    none<Strangers<typeof double.app, Electron.App>>(),
    none<Strangers<typeof double.protocol, Electron.Protocol>>(),
    none<Strangers<typeof double.net, Electron.Net>>(),
    none<Strangers<typeof double.dialog, Electron.Dialog>>(),
    none<Strangers<typeof double.shell, Electron.Shell>>(),
    none<Strangers<typeof double.ipcRenderer, Electron.IpcRenderer>>(),
    none<Strangers<double.BrowserWindow, Electron.BrowserWindow>>(),
    none<Strangers<double.WebContents, Electron.WebContents>>(),
    none<Strangers<double.Notification, Electron.Notification>>(),
    none<Strangers<typeof double.session.defaultSession, Electron.Session>>(),
    none<Exclude<keyof typeof double, keyof typeof Electron | 'WebContents'>>(), // that is a window's own
  ]).toEqual(Array.from({ length: 11 }, () => []))
})

const sources = readdirSync(folder).map((file) => [file, readFileSync(join(folder, file), 'utf8')] as const)

test('every event that the program hears of Electron is one that Electron declares', () => {
  const heard = sources.flatMap(([file, text]) =>
    [...text.matchAll(/\b(?:app|window|contents|session|child|notification)\.(?:on|once)\('([^']+)'/g)].map(
      ([, event = '']) => `${file}: ${event}`,
    ),
  )
  expect(heard.length).toBeGreaterThan(12)
  const named = (line: string): string => `'${line.split(': ')[1]}'`
  expect(heard.filter((line) => !declared.includes(`on(event: ${named(line)}`))).toEqual([])
})

test('the double has all that the program imports from Electron', () => {
  const imported = sources.flatMap(([, text]) => {
    const names = /import \{([^}]*)\} from 'electron'/.exec(text)?.[1] ?? ''
    return names
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '' && !name.startsWith('type '))
  })
  expect(imported.length).toBeGreaterThan(10)
  expect(imported.filter((name) => !Object.hasOwn(double, name))).toEqual([])
})
