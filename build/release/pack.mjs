// What a person installs, by electron-builder (build/electron-builder.json): first the tree, then each target from that
// same tree, one after the other, because a package of Debian's puts files of its own into it. Every date is the
// commit's, so that the same commit gives the same bytes. What electron-builder would call for .deb and .tar.gz is
// replaced by build/release/fpm.mjs and gzip.mjs, which need nothing that is fetched.
import { execFile } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'

import { root } from '../sources.mjs'
import { settle } from './settle.mjs'

const run = promisify(execFile)
const largest = 2 ** 26 // bytes of what a tool prints
const here = import.meta.dirname

/** Who stands behind a package: Debian's want a page and a person. Said by who releases. */
export const who = () => ({
  page: process.env.BASIL_HOMEPAGE ?? 'https://basil.invalid',
  person: process.env.BASIL_MAINTAINER ?? 'Basil <basil@basil.invalid>',
})

/**
 * The unpacked tree of the project `from`, for this system; its folder.
 * electron: a folder that holds Electron's program; not there: electron-builder fetches it.
 */
export async function packTree({ from = root, out, electron, epoch, updates }) {
  await builder({ from, out, epoch, args: ['dir', ...(electron ? [`-c.electronDist=${electron}`] : [])], updates })
  const folder = join(out, `linux${process.arch === 'x64' ? '' : `-${process.arch}`}-unpacked`)
  settle(folder, epoch)
  return folder
}

/** One target ('tar.gz', 'AppImage', 'deb') from that tree. */
export async function packTarget({ from = root, out, tree, target, epoch, tools, updates }) {
  settle(tree, epoch)
  await builder({ from, out, epoch, tools, updates, args: [target, '--prepackaged', tree] })
}

async function builder({ from, out, epoch, args: [target, ...args], tools, updates }) {
  const { page, person } = who()
  const options = {
    'directories.output': out,
    'extraMetadata.homepage': page,
    'linux.maintainer': person,
    ...(updates && { 'publish.provider': 'generic', 'publish.url': updates }),
  }
  const given = Object.entries(options).map(([name, value]) => `-c.${name}=${value}`)
  const cli = join(from, 'node_modules', 'electron-builder', 'cli.js')
  const config = ['--config', 'build/electron-builder.json', '--publish', 'never']
  await run(process.execPath, [cli, '--linux', target, ...config, ...given, ...args], {
    cwd: from,
    maxBuffer: largest,
    env: {
      ...process.env,
      SOURCE_DATE_EPOCH: String(epoch),
      CUSTOM_FPM_PATH: join(here, 'fpm.mjs'),
      ELECTRON_BUILDER_7ZIP_PATH: join(here, 'gzip.mjs'),
      ...(tools && { APPIMAGE_TOOLS_PATH: tools }),
    },
  })
}

/**
 * A folder of tools for AppImages from those of this system, with a stand-in for the one that no system brings: the
 * program that an AppImage begins with. What is made with it can be looked into, and does not start. Null where
 * mksquashfs or desktop-file-validate is missing.
 */
export function systemTools(folder) {
  const found = ['mksquashfs', 'desktop-file-validate'].map((name) => [name, onPath(name)])
  if (found.some(([, path]) => path === undefined)) return null
  for (const name of ['runtimes', join('lib', process.arch)]) mkdirSync(join(folder, name), { recursive: true })
  for (const [name, path] of found) symlinkSync(path, join(folder, name))
  const runtime = join(folder, 'runtimes', `runtime-${process.arch}`)
  writeFileSync(runtime, `#!/bin/sh\n${'#'.repeat(4000)}\necho "this AppImage has no program of its own"; exit 1\n`)
  chmodSync(runtime, 0o755)
  return folder
}

function onPath(name) {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file))
}

/** What electron-builder leaves beside what it was asked for. */
export function sweep(out) {
  for (const name of ['builder-debug.yml', 'builder-effective-config.yaml', '.icon-set'])
    rmSync(join(out, name), { recursive: true, force: true })
}
