// A run as a page to keep or to mail: what it reached and beside what, its charts, stages, parents, engines and
// settings, and the recipe its model is rebuilt by.
import { html } from '../../../src-main/contract/markup.ts'
import { courseOf, effectiveCoefficients } from '../../../src-main/contract/run/coefficients.ts'
import type { RunDetail } from '../../../src-main/contract/run/run.ts'
import { settingsLine } from '../../../src-main/contract/tower.ts'
import { bytes, coefficient, count, dash, duration, instant, parentRole, percent, points } from '../format.ts'
import { type Colour, parseColour } from '../heat.ts'
import { growthScene, taskScene } from '../picture/bars.ts'
import { linePicture } from '../picture/lines.ts'
import { isUneven, mapScene } from '../picture/map.ts'
import { whiskerScene } from '../picture/whiskers.ts'
import {
  accuracyChart,
  growthOf,
  type LinesChart,
  lossChart,
  mapCharts,
  oneCoefficient,
  summarySentence,
  tasksChart,
} from '../run-charts.ts'
import { gainsOf, stageName, stagesOf, type TestTable, testTable } from '../scores.ts'
import { conditions } from '../sentences.ts'
import { refined, refinedSentence, refinedVerdict } from '../study/interval.ts'
import { type UncertaintyChart, uncertaintyOf } from '../uncertainty.ts'
import { type ColourIn, drawn, factsHtml, jsonHtml, pageHtml, tableHtml } from './page.ts'

const size = { width: 760, height: 300 }

export function runHtml(run: RunDetail, colour: ColourIn): string {
  const table = testTable(run)
  const said = table ? summarySentence(run, columnsOf(table)) : ''
  const told = [
    ...run.leaks.map(() => 'Test images were seen before: its test accuracy is not that of unseen data.'),
    ...conditions(run),
  ]
  return pageHtml(
    `Run ${run.run}: ${run.name}`,
    [
      html`<p class="quiet">${run.state}; ${run.method}${run.linearised && ', linearised'}, ${run.objective}, one coefficient per ${run.grouping === 'scalar' ? 'model' : run.grouping}, seed ${run.seed}; ${instant(run.created)}</p>`,
      said !== '' && html`<p class="lead">${said}</p>`,
      run.error && html`<p class="notice">${run.error.what}: ${run.error.why}</p>`,
      html`${told.map((sentence) => html`<p class="notice">${sentence}</p>`)}`,
      refinedPart(run),
      table && testPart(table),
      html`<h2>Charts</h2>${chartsOf(run, colour)}`,
      stagesPart(run),
      html`<h2>Made from</h2>${tableHtml(
        ['<Role', '<File', 'Size', '<SHA-256'],
        run.parents.map((p) => [parentRole(p.role), p.name, bytes(p.bytes), html`<code>${p.sha256}</code>`]),
      )}`,
      enginePart(run),
      html`<h2>Recipe and settings</h2>${jsonHtml('Recipe', recipeOf(run))}${jsonHtml('Settings', run.config)}`,
    ],
    colour,
  )
}

const columnsOf = (table: TestTable) =>
  table.columns.map((column, i) => ({ ...column, accuracy: table.means[i]?.accuracy ?? null }))

function refinedPart(run: RunDetail) {
  const rows = refined(run)
  const verdict = refinedVerdict(rows, run.evaluatedOn ?? 'test')
  if (!verdict) return null
  return html`<h2>Before and after</h2><p>${verdict.text} ${refinedSentence(rows)} Intervals are Wilson’s, at 95 %.</p>`
}

function testPart(table: TestTable) {
  const cell = (accuracy: number | null | undefined, relative: number | null | undefined) =>
    html`${percent(accuracy)}<br><span class="quiet">${percent(relative)}</span>`
  return html`<h2>Accuracy on ${table.split} data</h2>${tableHtml(
    ['Task', ...table.columns.map(({ name }) => name)],
    table.rows.map(({ task, cells }) => [task, ...cells.map((one) => cell(one?.accuracy, one?.relativeAccuracy))]),
    [
      ['Mean', ...table.means.map((one) => cell(one.accuracy, one.relativeAccuracy))],
      ['Mean, to pre-trained', ...gainsOf(table).map(points)],
    ],
  )}<p class="quiet">Below each accuracy: relative to the task’s own fine-tuned model.</p>`
}

function chartsOf(run: RunDetail, colour: ColourIn) {
  const lines = (chart: LinesChart, dots: boolean) => {
    const look = { smoothing: chart.smoothing, logX: false, logY: false }
    return drawn(`${chart.title}, ${chart.note}`, chart.sentence, linePicture({ ...chart, look, dots, ...size }).scene)
  }
  const [grown, tasks, one, unsure] = [growthOf(run), tasksChart(run), oneCoefficient(run), uncertaintyOf(run)]
  const light = (name: string): Colour => parseColour(colour('light', name))
  const ramp = { low: light('heat-low'), zero: light('heat-zero'), high: light('heat-high') }
  return [
    lines(accuracyChart(run), true),
    grown && drawn(`${grown.title}, ${grown.note}`, grown.sentence, growthScene(grown.bars, grown.y, size, 'screen')),
    lines(lossChart(run), false),
    drawn(`${tasks.title}, ${tasks.note}`, tasks.sentence, taskScene(tasks.bars, size.width)),
    ...mapCharts(run).map(({ title, sentence, cells }) =>
      drawn(
        title,
        sentence,
        mapScene({
          rows: cells,
          blocks: run.blocks,
          own: isUneven(cells),
          text: coefficient,
          columnsAre: 'blocks, by layer',
          ramp,
          width: 1040,
        }),
      ),
    ),
    unsure && uncertainPart(unsure),
    one && html`<p>One coefficient for every vector and block: ${one}</p>`,
  ]
}

function uncertainPart({ title, sentence, columns, rows, whiskers }: UncertaintyChart) {
  const [first = '', second = '', ...numbers] = columns
  return html`${drawn(title, sentence, whiskerScene(whiskers, 1040))}<details><summary>All of them</summary>${tableHtml([`<${first}`, `<${second}`, ...numbers], rows())}</details>`
}

function stagesPart(run: RunDetail) {
  const rows = stagesOf(run).map((s) => [
    stageName(s.stage),
    s.method,
    !s.ended ? 'not finished' : s.accepted || s.stage === 0 ? 'accepted' : 'not accepted: nothing beat its own start',
    s.epochs.at(-1)?.epoch ?? 0,
    s.best,
  ])
  return html`<h2>Stages</h2>${tableHtml(['Stage', '<Method', '<Outcome', 'Epochs', 'Chosen step'], rows)}`
}

function enginePart({ engines, engineInfo, engine, config, times, parameters, blocks, images, openings }: RunDetail) {
  const versions = Object.entries(engineInfo?.versions ?? {}).map(([name, version]) => [name, version] as const)
  const facts: [string, string | number | null][] = [
    ['Engine', engineInfo?.name ?? engine ?? dash],
    ...engines.slice(1).map((share): [string, string] => ['Later', share.engine.name]),
    ['GPU', engineInfo?.reason ? `not used: ${engineInfo.reason}` : null],
    ...versions.map(([name, version]): [string, string] => [name, version]),
    ['Image tower', config.tower ? settingsLine(config.tower) : null],
    ['Created', instant(times.created)],
    ['Ended', instant(times.ended)],
    ['Engine time', duration(times.seconds)],
    ['Parameters', count(parameters)],
    ['Blocks', count(blocks.length)],
    ...openings.map((o): [string, string] => ['Test data opened', `${o.task}, ${instant(o.opened)}`]),
  ]
  const rows = images.map((i) => [i.task, i.classes, i.training, i.validation, i.test])
  return html`<h2>Engine and times</h2>${factsHtml(facts)}<h2>Images</h2>${tableHtml(['Task', 'Classes', 'Training', 'Validation', 'Test'], rows)}`
}

/** Parents by their content, and how much of every vector is in the model, block by block. */
function recipeOf(run: RunDetail) {
  const course = courseOf(run)
  return {
    run: run.run,
    method: run.method,
    grouping: run.grouping,
    seed: run.seed,
    control: run.config.control,
    parents: run.parents.map(({ role, name, sha256 }) => ({ role, name, sha256 })),
    blocks: run.blocks,
    stages: stagesOf(run).map((s) => ({ stage: s.stage, vectors: s.vectors, coefficients: s.coefficients })),
    model: (course ? effectiveCoefficients(course) : []).map(({ name, values }) => ({
      name,
      coefficients: [...values],
    })),
  }
}
