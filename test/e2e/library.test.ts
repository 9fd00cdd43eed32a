// The checkpoint library in a real browser, on real files: adding by pointing, a damaged file, a moved one, comparing,
// checking, converting, a run that takes its models from the library, and its exported model dropped on the window.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'

import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, it } from 'vitest'

import { inspect } from '../../src-main/worker/inspect.ts'
import { accessible, type Basil, inBrowser, openPage, startBasil, startBrowser, violations } from './basil.ts'
import { held } from './in-page.ts'

const root = join(import.meta.dirname, '..', '..')
const sample = join(root, 'resources', 'sample')
const vectors = ['mnist', 'fashion'].map((name) => `finetuned-${name}.safetensors`)

inBrowser('the library', () => {
  const folder = mkdtempSync(join(tmpdir(), 'basil-models-'))
  const at = (...names: string[]) => join(folder, ...names)
  let basil: Basil
  let browser: Browser
  let page: Page
  const complaints: string[] = []
  beforeAll(async () => {
    for (const name of ['pretrained.safetensors', ...vectors]) copyFileSync(join(sample, name), at(name))
    copyFileSync(join(root, 'test/golden/formats/hostile/truncated.pt'), at('truncated.pt'))
    for (const dataset of ['MNIST', 'Cars']) {
      mkdirSync(at('ViT-tiny', `${dataset}Val`), { recursive: true })
      copyFileSync(
        join(root, 'test/golden/formats/checkpoints/state_dict.pt'),
        at('ViT-tiny', `${dataset}Val`, 'finetuned.pt'),
      )
      copyFileSync(join(root, 'test/golden/formats/checkpoints/head.pt'), at('ViT-tiny', `head_${dataset}Val.pt`))
    }
    writeFileSync(at('ViT-tiny', 'ft_accuracies.json'), '{"MNIST": 0.99, "Cars": 0.75}')
    ;[basil, browser] = await Promise.all([startBasil(undefined, { HOME: folder }), startBrowser()])
    page = await openPage(browser, basil.url, complaints, { viewport: { width: 1280, height: 800 } })
  })
  afterAll(async () => {
    await browser?.close()
    await basil?.stop()
    rmSync(folder, { recursive: true })
  })

  const toLibrary = () => page.getByRole('link', { name: 'Library', exact: true }).click()
  const row = (name: string) => page.getByRole('row').filter({ has: page.getByRole('link', { name, exact: true }) })

  /** No finding of any impact. */
  async function strictly(where: string): Promise<void> {
    await accessible(page, where)
    const found = await violations(page)
    expect([where, found]).toEqual([where, []])
  }

  async function add(path: string): Promise<void> {
    await page.keyboard.press('Alt+a')
    await page.getByLabel('Paths').fill(path)
    await page.getByRole('button', { name: 'Add', exact: true }).click()
    await page.getByRole('dialog').waitFor({ state: 'detached' })
  }

  /** modified: as the disk has it, which a page may know of a file that the person drops. */
  async function drop(file: string, modified = 1): Promise<void> {
    const transfer = await page.evaluateHandle(held(basename(file), readFileSync(file), modified))
    await page.dispatchEvent('body', 'dragenter', { dataTransfer: transfer })
    await page.getByText('Let go to add it').waitFor()
    await page.dispatchEvent('body', 'drop', { dataTransfer: transfer })
    await page.getByText('Let go to add it').waitFor({ state: 'detached' })
  }

  it('shows every file of a folder with its role and hash, and a damaged one as a marked row with its reason', async () => {
    await toLibrary()
    await page.getByText('No checkpoints yet.').waitFor()
    await accessible(page, 'library-empty')
    await page.getByRole('button', { name: 'Choose files or folders…' }).click()
    const dialog = page.getByRole('dialog', { name: 'Add checkpoints' })
    await dialog.getByRole('button', { name: 'checkpoint pretrained.safetensors' }).waitFor()
    await strictly('library-browse')
    await page.keyboard.press('Enter') // the first row, a folder
    await dialog.getByRole('button', { name: 'checkpoint head_MNISTVal.pt' }).waitFor()
    await page.keyboard.press('Backspace')
    await dialog.getByRole('button', { name: 'checkpoint truncated.pt' }).waitFor()
    await dialog.getByLabel('Path, Enter goes there').fill('/proc')
    await dialog.getByLabel('Path, Enter goes there').press('Enter')
    await dialog
      .getByText('Nothing here of this kind.')
      .or(dialog.getByRole('button', { name: /folder \d+/ }).first())
      .waitFor()
    await dialog.getByRole('button', { name: 'Home', exact: true }).first().click()
    await dialog.getByRole('button', { name: 'checkpoint truncated.pt' }).waitFor()
    await dialog.getByRole('button', { name: 'Add this folder' }).click()
    await dialog.waitFor({ state: 'detached' })
    for (const name of ['pretrained.safetensors', ...vectors]) {
      const { sha256 } = await inspect(join(sample, name))
      await row(name).getByText(sha256.slice(0, 12)).waitFor()
      await row(name)
        .getByText(name.startsWith('pre') ? 'pre-trained' : 'fine-tuned', { exact: true })
        .waitFor()
    }
    await page.getByText('8 checkpoints').waitFor()
    await row('truncated.pt')
      .getByRole('button', { name: /unreadable/ })
      .click()
    await page.getByText('This is not a sound zip file.').waitFor()
    await page.getByText('get the file again, or write it anew with the tool that made it.').waitFor()
    await strictly('library')
    await page.getByRole('button', { name: 'Close message' }).click()
  })

  it('offers a folder in the field’s convention as a whole set', async () => {
    await page.getByText('no pre-trained model, 2 fine-tuned, 2 heads, accuracies of 2 data sets').waitFor()
    await page.getByRole('button', { name: 'Use this set: ViT-tiny' }).click()
    await page.getByText('What is missing: data.').waitFor()
    await page.getByTitle(/CarsVal\/finetuned\.pt$/).waitFor()
    await page.getByRole('button', { name: 'Put away' }).click()
  })

  it('finds, sorts, selects and tags; a file that moved keeps its row', async () => {
    await toLibrary()
    await page.getByRole('button', { name: 'ViT-tiny', exact: true }).click()
    await page.getByRole('link', { name: 'head_CarsVal.pt' }).waitFor({ state: 'detached' }) // under a closed heading
    await page.getByLabel('Group by').selectOption('none')
    await page.getByRole('button', { name: 'Size' }).click()
    await page.getByRole('region', { name: 'Checkpoints' }).press('Home')
    await page.keyboard.press('Space')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('ArrowDown')
    await page.keyboard.press('Shift+Space')
    await page.getByText('3 selected').waitFor()
    await page.keyboard.press('Control+f')
    await page.keyboard.type('finetuned-mnist')
    await page.getByText('1 of 8 checkpoints').waitFor()
    await page.getByText('3 selected').waitFor({ state: 'detached' }) // what is hidden is not acted upon
    await page.getByRole('link', { name: 'finetuned-mnist.safetensors' }).click()
    const details = page.getByRole('complementary', { name: 'Details' })
    await details.getByText('56 tensors').waitFor()
    await details.getByText('No run has used it yet').waitFor()
    await strictly('library-details')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'What it is' }).waitFor()
    await page.getByLabel('Add a tag').fill('digits')
    await page.getByLabel('Add a tag').press('Enter')
    await page.getByText('digits', { exact: true }).waitFor()
    mkdirSync(at('moved'))
    renameSync(at('finetuned-mnist.safetensors'), at('moved', 'renamed.safetensors'))
    await toLibrary()
    await page.getByLabel('Find a checkpoint').fill('')
    await page.getByRole('button', { name: 'Clear' }).click()
    await page.getByRole('button', { name: 'Look at all files again' }).click()
    await row('finetuned-mnist.safetensors')
      .getByRole('button', { name: /missing/ })
      .click()
    await page.getByText('There is nothing at this place.').first().waitFor()
    await add(at('moved'))
    await row('renamed.safetensors').getByText('digits').waitFor()
    await page.getByText('8 checkpoints').waitFor()
    expect(await row('finetuned-mnist.safetensors').count()).toBe(0)
  })

  it('shows a checkpoint’s tensors with their values, and converts it', async () => {
    await page.getByRole('link', { name: 'renamed.safetensors' }).dblclick()
    await page.getByRole('heading', { name: 'What it is' }).waitFor() // not the list, which has the same words
    await page.getByText('ViT, width 128, 4 layers, patch 7, image 28').waitFor()
    await page.getByRole('button', { name: 'Measure values' }).click()
    await page.getByText(/The norm over 56 tensors is .*; all values are finite/).waitFor()
    await page.getByText(/They are kept, .*, for as long as the cache has room/).waitFor()
    expect(await page.getByRole('img', { name: /half of the sizes between/ }).count()).toBeGreaterThan(5)
    await page.getByRole('button', { name: 'visual.conv1.weight', exact: true }).click()
    await page.getByRole('img', { name: /^Values from -?\d.* to .*; most, / }).waitFor()
    await page.getByText('[0, 0, 1, 1]').waitFor()
    await page.getByRole('button', { name: 'After' }).click()
    await page.getByText('[0, 1, 2, 1]').waitFor() // place 64 of (128, 3, 7, 7)
    await strictly('checkpoint')
    await page.goBack()
    await page.getByRole('heading', { name: 'Library', level: 1 }).waitFor()
    await page.goForward()
    await page.getByText(/The norm over 56 tensors is/).waitFor() // measured once
    await page.getByRole('button', { name: 'Convert…' }).click()
    await page.getByLabel('Layout', { exact: true }).selectOption('huggingface')
    await accessible(page, 'convert')
    await page.getByRole('button', { name: 'Convert', exact: true }).click()
    await page.getByRole('heading', { name: 'Converted' }).waitFor()
    const download = page.waitForEvent('download')
    await page.getByRole('link', { name: /huggingface\.safetensors$/ }).click()
    expect(await inspect(await (await download).path())).toMatchObject({ layout: 'huggingface', nonFinite: 0 })
  })

  it('compares two and checks a set, as tables and as maps', async () => {
    await toLibrary()
    await page.getByLabel('Select pretrained.safetensors').check()
    await page.getByLabel('Select renamed.safetensors').check()
    await page.getByRole('button', { name: 'Compare two' }).click()
    await page.getByText(/Of 56 shared tensors 0 are equal; the largest relative distance is/).waitFor()
    await page.getByRole('slider', { name: /Arrow keys read the cells/ }).press('ArrowRight')
    await page.getByText('visual.transformer.resblocks.0.ln_1.weight, ln_1.weight').waitFor()
    await page.getByRole('button', { name: 'Relative' }).click()
    await strictly('compare')
    await toLibrary()
    await page.getByLabel('Select finetuned-fashion.safetensors').check()
    await page.getByLabel('Select MNISTVal/finetuned.pt').check()
    await page.getByRole('button', { name: 'Check compatibility' }).click()
    await page.getByText('These checkpoints cannot be combined as they are.').waitFor()
    await strictly('misfit')
    await page.getByRole('button', { name: 'Leave out MNISTVal/finetuned.pt and go on' }).click()
    await page.getByText(/They fit together|They can be combined/).waitFor()
    await page
      .getByText(/point most alike, with a cosine of/)
      .first()
      .waitFor()
    await strictly('compatible')
  })

  it('gives its models to a run, whose exported file opens its recipe and leads back to it', async () => {
    await toLibrary()
    await page.getByLabel('Select MNISTVal/finetuned.pt').uncheck()
    await page.getByRole('button', { name: 'Use in a new run' }).click()
    await page.getByText('What is missing: data.').waitFor()
    await page.getByRole('link', { name: 'Welcome', exact: true }).click()
    await page.getByRole('button', { name: 'Open the sample project' }).click()
    await page.getByRole('button', { name: 'Choose fine-tuned models' }).click()
    await page.getByLabel('Choose renamed.safetensors').check()
    await accessible(page, 'picker')
    await page.getByRole('button', { name: 'Use 1' }).click()
    await page.getByText('Models from the library stand in place').waitFor()
    await page.getByRole('radio', { name: 'aTLAS', exact: true }).check()
    await page.getByLabel('Epochs or steps', { exact: true }).selectOption('steps')
    await page.locator('#field-steps').fill('1')
    for (const task of ['fashion', 'digits', 'emoji', 'glyphs'])
      await page.getByRole('switch', { name: `Use ${task}`, exact: true }).click()
    await page.getByText('All files fit together.').waitFor()
    await page.getByRole('button', { name: 'Start run' }).click()
    await page.getByLabel('File', { exact: true }).selectOption('state_dict')
    await page.getByRole('button', { name: 'Export model' }).click()
    await page.getByText('verified').waitFor()
    await accessible(page, 'export')
    const facts = await page.getByLabel('Exported file').innerText()
    const [file = ''] = /\S+exports\S+\.pt\b/.exec(facts) ?? []
    const [card = ''] = /\S+exports\S+\.md\b/.exec(facts) ?? []
    expect([existsSync(file), readFileSync(card, 'utf8').includes('pretrained.safetensors')]).toEqual([true, true])

    await page.reload()
    await page.getByRole('link', { name: 'Welcome', exact: true }).click()
    await drop(file)
    await page.getByRole('heading', { name: `Recipe of ${basename(file)}` }).waitFor()
    expect(await page.getByText('here', { exact: true }).count()).toBe(2)
    await accessible(page, 'recipe')
    await page.getByRole('button', { name: 'Open this configuration' }).click()
    await page.getByText('All files fit together.').waitFor()
    expect(await page.locator('#field-steps').inputValue()).toBe('1')
    await drop(file)
    await page.getByRole('link', { name: 'run 1', exact: true }).click()
    await page.getByRole('heading', { name: 'Run 1:' }).waitFor()
    await drop(at('finetuned-fashion.safetensors'), Math.trunc(statSync(at('finetuned-fashion.safetensors')).mtimeMs))
    await page.getByRole('heading', { name: 'finetuned-fashion.safetensors' }).waitFor()
    await drop(at('finetuned-fashion.safetensors')) // of another time: it may be another file
    await page.getByText('a browser hides where a dropped file lies').waitFor()
    expect(complaints).toEqual([])
  })

  it('tags rows together and forgets them, both with a way back, and leaves their files', async () => {
    await toLibrary()
    await row('truncated.pt').getByRole('checkbox').check()
    await row('finetuned-fashion.safetensors').getByRole('checkbox').check()
    await page.getByRole('button', { name: 'Tag…' }).click()
    await page.getByLabel('Add, separated by commas').fill('later')
    await accessible(page, 'library-tag')
    await page.getByRole('button', { name: 'Tag', exact: true }).click()
    await row('truncated.pt').getByText('later').waitFor()
    await page.getByRole('button', { name: 'Undo' }).click()
    await row('truncated.pt').getByText('later').waitFor({ state: 'detached' })
    await row('finetuned-fashion.safetensors').getByRole('checkbox').uncheck()
    await page.getByRole('region', { name: 'Checkpoints' }).focus() // the tick box takes Delete for itself
    await page.keyboard.press('Delete')
    await page.getByText('truncated.pt left the library; the file stays where it is.').waitFor()
    await row('truncated.pt').waitFor({ state: 'detached' })
    await page.keyboard.press('Control+z')
    await row('truncated.pt')
      .getByRole('button', { name: /unreadable/ })
      .waitFor()
    await row('truncated.pt').getByRole('checkbox').check()
    await page.getByRole('button', { name: 'Forget', exact: true }).click()
    await row('truncated.pt').waitFor({ state: 'detached' })
    expect(existsSync(at('truncated.pt'))).toBe(true)
  })
})
