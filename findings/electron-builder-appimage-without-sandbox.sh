#!/usr/bin/env bash
# electron-builder 26.17.0: the menu entry of an AppImage starts the program with --no-sandbox, which turns Chromium's sandbox off for every page,
# whatever the program says of its windows, unless "toolsets": { "appimage": ... } is set in the configuration, which is about the
# tools that the image is made with, or executableArgs is. A package of Debian's has no such argument, and nothing is said when the image is made.
# Seen, the Exec line for AppImage: "AppRun --no-sandbox %U" by default and with toolsets.appimage "0.0.0", "AppRun %U" with "1.0.3" or
# executableArgs []; read through effectiveOptionComputed, as electron-builder's own tests do, so that no image's tools are fetched.
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT
cd "$folder" && npm init -y >/dev/null && npm install --silent --no-fund --no-audit electron-builder@26.17.0 >/dev/null
cat > look.cjs <<'JS'
const { mkdirSync, writeFileSync } = require('node:fs')
const { join } = require('node:path')
const { build, Platform } = require('electron-builder')

for (const name of ['app', 'tree/resources']) mkdirSync(join(__dirname, name), { recursive: true })
writeFileSync(join(__dirname, 'app/package.json'), JSON.stringify({ name: 'a', version: '1.0.0', description: 'a', author: 'a', main: 'index.js' }))
const png = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64')
mkdirSync(join(__dirname, 'icons'), { recursive: true })
writeFileSync(join(__dirname, 'icons/256x256.png'), png)

/** The line that a menu starts the program by. */
async function exec(more) {
  let entry = ''
  const config = { electronVersion: '45.4.1', directories: { output: join(__dirname, 'out') }, linux: { icon: join(__dirname, 'icons') }, ...more }
  await build({
    projectDir: join(__dirname, 'app'),
    prepackaged: join(__dirname, 'tree'),
    targets: Platform.LINUX.createTarget('AppImage'),
    publish: 'never',
    config,
    effectiveOptionComputed: async ({ desktop }) => {
      entry = desktop
      return true
    },
  })
  return /^Exec=(.*)$/m.exec(entry)?.[1]
}

async function main() {
  const cases = { 'by default': {}, 'toolsets.appimage 0.0.0': { toolsets: { appimage: '0.0.0' } }, 'toolsets.appimage 1.0.3': { toolsets: { appimage: '1.0.3' } }, 'executableArgs []': { appImage: { executableArgs: [] } } }
  const seen = []
  for (const [name, more] of Object.entries(cases)) {
    seen.push(await exec(more))
    console.log(`electron-builder 26.17.0, ${name}: Exec=${seen.at(-1)}`)
  }
  const wanted = ['AppRun --no-sandbox %U', 'AppRun --no-sandbox %U', 'AppRun %U', 'AppRun %U']
  process.exitCode = wanted.every((line, i) => line === seen[i]) ? 0 : 1
}
main()
JS
node look.cjs 2>&1 | grep -v '•'
