#!/usr/bin/env bash
# electron-builder 26.17.0 sets fuses with a @electron/fuses of its own (1.8.0), which knows eight of the nine that Electron has had since WasmTrapHandlers
# (@electron/fuses 2.1.3 knows it). Its option electronFuses cannot name the ninth, nor ask that all be decided (strictlyRequireAllFuses is
# no option of it), and says nothing of a wire that is longer than what it knows: who lists every fuse of its documentation has left one as it came.
# Seen, on a program that is nothing but a fuse wire with nine fuses on: with all eight off, the wire reads 000000001; "wasmTrapHandlers" is
# refused by the configuration's schema. (A program's afterPack hook with @electron/fuses 2.1.3 sets all nine.)
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT
cd "$folder" && npm init -y >/dev/null && npm install --silent --no-fund --no-audit electron-builder@26.17.0 @electron/fuses@2.1.3 >/dev/null
cat > look.cjs <<'JS'
const { mkdirSync, writeFileSync } = require('node:fs')
const { join } = require('node:path')
const { build, Platform } = require('electron-builder')

const at = (...path) => join(__dirname, ...path)
const eight = ['runAsNode', 'enableCookieEncryption', 'enableNodeOptionsEnvironmentVariable', 'enableNodeCliInspectArguments']
eight.push('enableEmbeddedAsarIntegrityValidation', 'onlyLoadAppFromAsar', 'loadBrowserProcessSpecificV8Snapshot', 'grantFileProtocolExtraPrivileges')

function lay() {
  for (const path of ['electron/resources', 'electron/locales', 'app']) mkdirSync(at(path), { recursive: true })
  for (const name of ['LICENSE', 'LICENSES.chromium.html', 'chrome-sandbox', 'resources.pak']) writeFileSync(at('electron', name), '')
  const wire = Buffer.concat([Buffer.from('dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX'), Buffer.from([1, 9]), Buffer.from('1'.repeat(9))])
  writeFileSync(at('electron/electron'), Buffer.concat([Buffer.alloc(4096), wire, Buffer.alloc(64)]), { mode: 0o755 })
  writeFileSync(at('app/package.json'), JSON.stringify({ name: 'a', version: '1.0.0', description: 'a', author: 'a', main: 'index.js' }))
  writeFileSync(at('app/index.js'), '// nothing\n')
}

async function packed(electronFuses) {
  const config = { electronVersion: '45.4.1', electronDist: at('electron'), electronFuses, npmRebuild: false, directories: { output: at('out') } }
  await build({ projectDir: at('app'), targets: Platform.LINUX.createTarget('dir'), publish: 'never', config })
  const { getCurrentFuseWire, FuseV1Options } = await import('@electron/fuses')
  const wire = await getCurrentFuseWire(at('out/linux-unpacked/a'))
  const names = Object.keys(FuseV1Options).filter((name) => Number.isNaN(Number(name)))
  return names.map((name) => String.fromCharCode(wire[FuseV1Options[name]])).join('')
}

async function main() {
  lay()
  const own = require.resolve('@electron/fuses/package.json', { paths: [require.resolve('app-builder-lib')] })
  const off = await packed(Object.fromEntries(eight.map((name) => [name, false])))
  const ninth = await packed({ wasmTrapHandlers: false }).catch((error) => error.message)
  const strict = await packed({ strictlyRequireAllFuses: true }).catch((error) => error.message)
  const refused = [ninth, strict].map((said) => /does not match the API schema/.test(said))
  console.log(`electron-builder 26.17.0 with @electron/fuses ${require(own).version}: all eight off: ${off}`)
  console.log(`wasmTrapHandlers refused: ${refused[0]}; strictlyRequireAllFuses refused: ${refused[1]}`)
  process.exitCode = require(own).version === '1.8.0' && off === '000000001' && refused.every(Boolean) ? 0 : 1
}
main()
JS
node look.cjs 2>&1 | grep -v '•'
