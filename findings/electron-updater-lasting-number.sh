#!/usr/bin/env bash
# electron-updater 6.8.10: each check for a newer version sends "x-user-staging-id", a random number that is made at the first check, kept in the
# program's data folder (.updaterId) and the same at every check from then on, also where no release was ever staged and the program asks for no
# such thing. Whoever serves the releases can count and follow installations by it, across addresses. There is no option against it; a request header
# of that name set by the program goes out in its place (requestHeaders is merged over it).
# Seen: two checks by two updaters with one data folder send the same number; another data folder sends another; with
# requestHeaders = { 'x-user-staging-id': '' } the header is empty.
set -euo pipefail
folder=$(mktemp -d) && trap 'rm -rf "$folder"' EXIT
cd "$folder" && npm init -y >/dev/null && npm install --silent --no-fund --no-audit electron-updater@6.8.10 >/dev/null
cat > look.cjs <<'JS'
const { createServer, request } = require('node:http')
const { mkdirSync } = require('node:fs')
const { AppImageUpdater } = require('electron-updater')
const { HttpExecutor } = require('builder-util-runtime')

class Plain extends HttpExecutor {
  createRequest = (options, callback) => request(options, callback)
}
const seen = []
const server = createServer((asked, answer) => {
  seen.push(asked.headers['x-user-staging-id'])
  answer.end('version: 1.0.0\nfiles:\n  - url: a.AppImage\n    sha512: AAAA\n    size: 1\npath: a.AppImage\nsha512: AAAA\n')
})

process.env.APPIMAGE = `${__dirname}/a.AppImage` // as where an AppImage runs: others are not asked for

async function check(userDataPath, requestHeaders) {
  mkdirSync(userDataPath, { recursive: true })
  const url = `http://127.0.0.1:${server.address().port}`
  const app = { version: '1.0.0', name: 'a', isPackaged: true, appUpdateConfigPath: '', userDataPath, baseCachePath: userDataPath, whenReady: async () => {}, onQuit: () => {} }
  const updater = new AppImageUpdater(null, app)
  updater.httpExecutor = new Plain() // the default is Electron's own
  updater.setFeedURL({ provider: 'generic', url })
  updater.autoDownload = false
  updater.logger = null
  if (requestHeaders) updater.requestHeaders = requestHeaders
  await updater.checkForUpdates()
  console.log(`electron-updater 6.8.10, data folder ${userDataPath.split('/').pop()}: x-user-staging-id: ${JSON.stringify(seen.at(-1))}`)
}

server.listen(0, '127.0.0.1', async () => {
  for (const name of ['one', 'one', 'two']) await check(`${__dirname}/${name}`)
  await check(`${__dirname}/one`, { 'x-user-staging-id': '' })
  server.close()
  const [first, again, other, emptied] = seen
  process.exitCode = /^[0-9a-f-]{36}$/.test(first) && again === first && other.length === 36 && other !== first && emptied === '' ? 0 : 1
})
JS
node look.cjs
