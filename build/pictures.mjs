// The pictures of the user guide (docs/guide/pictures), taken of a real Basil with the sample project in the machine's
// Chromium, each as high as its page where that has room, as WebP of at most 120 KB.
// Use: npm run docs:pictures, or of one half alone, npm run docs:pictures -- pages, npm run docs:pictures -- clusters
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

import { chromium } from 'playwright-core'
import sharp from 'sharp'

import { root } from './sources.mjs'

const folder = join(root, 'docs', 'guide', 'pictures')
const sample = join(root, 'resources', 'sample')
const most = 120 * 1024 // bytes of a picture
const minutes = 60_000 // ms
const size = { width: 1200, height: 760 }
const highest = 1000 // pixels of a picture
const program = process.env.CHROMIUM_PATH ?? '/usr/bin/chromium'

const halves = { pages: take, clusters: takeClusters }
const asked = process.argv.slice(2)

const home = mkdtempSync(join(tmpdir(), 'basil-pictures-'))
const server = spawn(process.execPath, [join(root, 'build', 'start.mjs'), '--no-window'], {
  cwd: root,
  env: { ...process.env, BASIL_HOME: home, NODE_OPTIONS: '' },
  stdio: ['ignore', 'pipe', 'inherit'],
})
const browser = await chromium.launch({ executablePath: program, args: ['--no-sandbox', '--disable-dev-shm-usage'] })
const page = await browser.newPage({ viewport: size, reducedMotion: 'reduce' })
page.setDefaultTimeout(10 * minutes)
try {
  await page.goto(await address())
  for (const half of asked.length > 0 ? asked : Object.keys(halves)) await halves[half]()
} finally {
  await browser.close()
  server.kill('SIGTERM')
  await new Promise((resolve) => server.once('exit', resolve))
  rmSync(home, { recursive: true, force: true })
}

function address() {
  return new Promise((resolve) =>
    createInterface({ input: server.stdout }).on('line', (line) => {
      const [found] = /http:\/\/127\.0\.0\.1:\d+\/#token=[\w-]+/.exec(line) ?? []
      if (found) resolve(found)
    }),
  )
}

async function picture(name) {
  mkdirSync(folder, { recursive: true })
  await page.evaluate(hidePaths, [
    [sample, '/home/me/sample'],
    [home, '/home/me/.local/share/basil'],
  ])
  const file = join(folder, `${name}.webp`)
  const height = Math.min(highest, Math.max(size.height, await page.evaluate(() => document.body.scrollHeight)))
  await page.setViewportSize({ ...size, height })
  const seen = await page.screenshot()
  await page.setViewportSize(size)
  await sharp(seen).webp({ quality: 82, effort: 6 }).toFile(file)
  const bytes = statSync(file).size
  if (bytes > most) throw new Error(`${file} has ${bytes} bytes, and ${most} are allowed`)
  console.log(`${name}.webp: ${(bytes / 1024).toFixed(0)} KB`)
}

/** In the page: this machine's paths as a reader's might be. */
function hidePaths(pairs) {
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT)
  for (let node = walker.nextNode(); node; node = walker.nextNode())
    for (const [from, to] of pairs)
      if (node.nodeValue.includes(from)) node.nodeValue = node.nodeValue.replaceAll(from, to)
}

async function go(to, heading) {
  await page.evaluate((hash) => {
    location.hash = hash
  }, to)
  await page.getByRole('heading', { name: heading, level: 1 }).waitFor()
}

async function take() {
  const button = (name) => page.getByRole('button', { name: new RegExp(`^${name}`) }).first()
  await button('Open the sample project').waitFor()
  await page.getByText('No run yet.').waitFor()
  await page
    .locator('main dd')
    .filter({ hasText: /wasm|native|WebGPU|CUDA/i })
    .first()
    .waitFor() // the engine
  await picture('welcome')

  await go('/library', 'Library')
  await button('Add by path…').click()
  await page.getByLabel('Paths').fill(sample)
  await page.getByRole('button', { name: 'Add', exact: true }).click()
  await page.getByLabel('Paths').waitFor({ state: 'detached' })
  const models = ['pretrained', 'finetuned-digits', 'finetuned-fashion', 'finetuned-mnist']
  await page
    .getByRole('row', { name: /pretrained/ })
    .getByText('pre-trained')
    .waitFor() // read
  for (const name of models) await page.getByLabel(`Select ${name}.safetensors`).check()
  await page.getByRole('link', { name: 'finetuned-fashion.safetensors' }).first().click() // its details beside the list
  await button('Refine it…').waitFor()
  await picture('library')
  await button('Merge…').click()
  await page.getByText('All tensors fit together.').waitFor()
  await picture('merge')
  await go('/library', 'Library')
  await page.getByRole('link', { name: 'finetuned-fashion.safetensors' }).first().dblclick() // to its page
  await button('Refine…').click()
  await page.getByRole('dialog').waitFor()
  await picture('refine')
  await page.keyboard.press('Escape')
  await go('/fine-tune', 'Fine-tune')
  await button('Choose the pre-trained model').click()
  await page.getByLabel('Choose pretrained.safetensors').check()
  await button('Use').click()
  await picture('fine-tune')
  await go('/studies', 'Studies')
  await picture('studies')
  await button('Reproduce a table').click()
  await page.getByText(/^\d+ missing/).waitFor()
  await picture('table')
  await page.keyboard.press('Escape')
  await go('/engine', 'Engine')
  await page.getByText('Portable', { exact: true }).waitFor()
  await picture('engine')

  await go('/', /Learn how/)
  await button('Open the sample project').click()
  await page.getByText('All files fit together.').waitFor()
  await picture('compose')
  await page.getByLabel('Aim of mnist').selectOption('forget')
  await page.getByLabel('Aim of fashion').selectOption('keep')
  await page.getByRole('radio', { name: 'aTLAS', exact: true }).check()
  await page.getByText('All files fit together.').waitFor()
  await picture('negation')
  await go('/', /Learn how/)
  await button('Open the sample project').click()
  await button('Replace it').click()
  await page.getByText('All files fit together.').waitFor()
  await button('Start run').click()
  await page.getByText(/On the validation split, mean relative accuracy/).waitFor()
  await page.getByText('Iteration 2').first().waitFor()
  await picture('live')

  await button('Export model').waitFor()
  await page.getByRole('heading', { name: 'Accuracy on test data' }).waitFor()
  await picture('report')
}

/** A folder of this machine as a cluster, and the sample with its controls there. */
async function takeClusters() {
  const button = (name) => page.getByRole('button', { name, exact: true })
  const dialog = page.getByRole('dialog')
  await go('/clusters', 'Clusters')
  await button('Add a cluster…').click()
  await dialog.getByLabel('Name').fill('trial')
  await dialog.getByLabel('Tasks get their turn from').selectOption('folder')
  await dialog.getByLabel('Folder there', { exact: true }).fill(join(home, 'trial'))
  await dialog.getByLabel('Tasks at a time, at most').fill('2')
  await dialog.getByLabel('Engine').selectOption('portable')
  await dialog.getByRole('button', { name: 'Add', exact: true }).click()
  await button('Probe trial').click()
  await page.getByText('A study can run there.').waitFor()
  await picture('clusters')

  await go('/', /Learn how/)
  await button('Open the sample project').click()
  await page.getByText('All files fit together.').waitFor()
  await button('Run with controls…').click()
  await dialog.getByLabel('Seeds').fill('1')
  await dialog.getByLabel('Where', { exact: true }).selectOption('trial')
  await button('See what it takes…').click()
  await dialog.getByText(/will be sent|Nothing has to be sent/).waitFor()
  await picture('run-on')
  await button('Start').click()
  const there = page.getByRole('region', { name: 'On trial', exact: true })
  await there
    .getByRole('status')
    .getByText(/ 2 running/)
    .waitFor()
  await page.getByRole('figure', { name: 'Every run by step' }).waitFor() // what both came to so far is here
  await picture('study-there')
}
