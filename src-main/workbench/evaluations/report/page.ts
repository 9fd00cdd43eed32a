// A report as one page of HTML that needs nothing else: tables with intervals, what two models differ in, who was taken
// for whom, whether confidence is earned, groups, and the images that went wrong. It may be mailed: no script, and
// nothing is fetched.
import {
  type EvaluationReport,
  type Opening,
  openerOf,
  type TaskReport,
  type TaskResult,
} from '../../../contract/api/evaluations.ts'
import { chance, type Html, html, htmlPage, percent } from '../../../contract/markup.ts'
import { settingsLine } from '../../../contract/tower.ts'
import type { Presets } from '../../studies/presets/files.ts'
import { confusedPairs, confusionMap, mostDrawn, nameOf, reliabilityDiagram } from './charts.ts'
import { papersFor } from './papers.ts'
import { style } from './style.ts'
import { sweepPart } from './sweep.ts'

interface Beside {
  evaluation: number
  created: string // ISO 8601, UTC
  openings: readonly Opening[]
  presets: Pick<Presets, 'presets' | 'paper'> | null // null: the program came without
}

export function reportHtml(report: EvaluationReport, { evaluation, created, openings, presets }: Beside): string {
  const { models, tasks, split } = report
  const title = `${models.map(({ name }) => name).join(' and ')} on ${split} data`
  const body = html`<h1>${title}</h1>
<p class="quiet">Evaluation ${evaluation} by Basil, ${created.slice(0, 16).replace('T', ' ')} UTC</p>
${testNotice(split, openings, evaluation)}
${[...new Set(models.flatMap(({ warnings = [] }) => warnings))].map((warning) => html`<p class="notice">${warning}</p>`)}
${sweepPart(report)}
${summary(report)}
${provenance(report)}
${presets && papersFor(report, presets)}
${tasks.map((task) => taskSection(report, task))}`
  return htmlPage(title, style, body)
}

function testNotice(split: string, openings: readonly Opening[], evaluation: number): Html | null {
  if (split !== 'test') return null
  const before = openings.filter((o) => o.evaluation === null || o.evaluation < evaluation)
  const by = [...new Set(before.map(openerOf))]
  const told = by.length ? `It had been opened before, by ${by.join(', ')}.` : 'It had not been opened before.'
  return html`<p class="notice">Test data was opened for this, and that is on record. ${told}</p>`
}

/** A row a task, its mean below; every mean is over the rows above it. */
function summary({ models, tasks }: EvaluationReport): Html {
  const isRelative = tasks.some(({ reference }) => reference)
  const isCompared = models.length > 1
  return html`<div class="panel"><table class="summary">
<thead><tr><th>Task</th><th>Images</th>${isRelative && html`<th>Fine-tuned</th>`}${models.map(
    ({ name }) => html`<th>${name}</th>${isRelative && html`<th>relative</th>`}`,
  )}${isCompared && html`<th>only one right</th><th>McNemar</th>`}</tr></thead>
<tbody>${tasks.map(
    ({ name, results, reference, mcnemar }) =>
      html`<tr><td>${name}</td><td>${results[0]?.images ?? 0}</td>${
        isRelative && html`<td>${reference ? percent(reference.accuracy) : '–'}</td>`
      }${results.map(
        ({ accuracy, interval: [low, high], relativeAccuracy }) =>
          html`<td>${percent(accuracy)}<br><span class="quiet">${percent(low)}–${percent(high)}</span></td>${isRelative && html`<td>${percent(relativeAccuracy)}</td>`}`,
      )}${isCompared && html`<td>${mcnemar ? `${mcnemar.onlyFirst} : ${mcnemar.onlySecond}` : ''}</td><td class="chance">${mcnemar ? chance(mcnemar.p) : ''}</td>`}</tr>`,
  )}</tbody>
<tfoot><tr><td>Mean</td><td></td>${isRelative && html`<td></td>`}${models.map(
    ({ accuracy, relativeAccuracy }) =>
      html`<td>${percent(accuracy)}</td>${isRelative && html`<td>${percent(relativeAccuracy)}</td>`}`,
  )}${isCompared && html`<td></td><td></td>`}</tr></tfoot>
</table></div>
<p class="quiet">Accuracy in %, with Wilson's 95 % interval.${isRelative && ' Relative: over the accuracy of the task’s own fine-tuned model.'}${
    isCompared &&
    ` McNemar's test is of the first two models on the same images: how many only ${models[0]?.name} and only ${models[1]?.name} had right; exact below 25 of them, else with the correction for continuity.`
  }</p>`
}

function provenance({ models, tasks }: EvaluationReport): Html {
  const isImported = tasks.some(({ reference }) => reference?.how === 'imported')
  return html`<details><summary>Which models and images these are</summary><div class="panel"><table>
<tbody>${models.map(
    ({ name, architecture, file, sha256, run, iteration, linearised, tower }) =>
      html`<tr><td>${name}</td><td class="left">${architecture}${linearised && ', linearised'}${tower ? `; ${settingsLine(tower)}` : ''}</td><td class="left">${
        run === null
          ? (file ?? 'a merge of checkpoints')
          : `run ${run}, ${iteration ? `iteration ${iteration}` : 'the start'}`
      }</td><td class="left"><code>${sha256?.slice(0, 16) ?? ''}</code></td></tr>`,
  )}${tasks.map(
    ({ name, data, images, head, reference }) =>
      html`<tr><td>${name}</td><td class="left">${data}${images && images.skippedCount > 0 && `, ${images.skippedCount} unreadable images left out`}</td><td class="left">head ${head}</td><td class="left">${
        reference && `${reference.how} reference: ${reference.from}`
      }</td></tr>`,
  )}</tbody></table></div>${
    isImported &&
    html`<p class="quiet">An imported reference is what its authors measured on the same split, with their own images and head.</p>`
  }</details>`
}

function taskSection({ models }: EvaluationReport, task: TaskReport): Html {
  return html`<h2>${task.name}</h2>${task.results.map((result, m) => modelSection(models[m]?.name ?? '', task, result, m === 0))}`
}

function modelSection(model: string, task: TaskReport, result: TaskResult, isOpen: boolean): Html {
  const isDrawn = result.classes.length <= mostDrawn
  const facts = `${result.correct} of ${result.images} right, mean over classes ${percent(result.macroAccuracy)} %, loss ${result.loss.toFixed(4)}, calibration error ${percent(result.calibration.error)} %`
  return html`<details class="panel"${isOpen ? html` open` : ''}><summary>${model}: ${percent(result.accuracy)} %</summary>
<p class="quiet">${facts}</p>
<div class="across">
${isDrawn && html`<div class="scroll"><h3>Confusion: labels down, predictions across</h3>${confusionMap(task, result)}</div>`}
<div><h3>Reliability</h3>${reliabilityDiagram(result)}<p class="quiet small">Bars: accuracy; marks: mean confidence</p></div>
<div><h3>Most often confused</h3>${pairs(task, result)}</div>
</div>
${groups(task, result)}
<details><summary>Accuracy of each class</summary>${classTable(task, result)}</details>
${gallery(task, result)}
</details>`
}

function pairs({ classes }: TaskReport, result: TaskResult): Html {
  const found = confusedPairs(result, 10)
  if (found.length === 0) return html`<p class="quiet">No image was taken for another class.</p>`
  return html`<table><thead><tr><th>Label</th><th class="left">Predicted</th><th>Images</th></tr></thead><tbody>${found.map(
    ([label, predicted, count]) =>
      html`<tr><td>${nameOf(classes, label)}</td><td class="left">${nameOf(classes, predicted)}</td><td>${count}</td></tr>`,
  )}</tbody></table>`
}

function groups({ classes }: TaskReport, { fairness }: TaskResult): Html | null {
  if (!fairness) return null
  const head = html`<thead><tr><th>Group</th><th>Images</th><th>Accuracy</th></tr></thead>`
  const rows = fairness.groups.map(
    ({ group, images, correct }) =>
      html`<tr><td>${group}</td><td>${images}</td><td>${percent(correct / images)}</td></tr>`,
  )
  const { parity, odds } = fairness
  const gap = ({ gap, class: of }: typeof parity): string => `gap ${percent(gap)} (${nameOf(classes, of)})`
  const apart = 'how far groups lie apart in being called that class, and in being so when they are it, or are not'
  return html`<h3>Groups</h3><table>${head}<tbody>${rows}</tbody></table>
<p class="quiet">Demographic-parity ${gap(parity)}, equalised-odds ${gap(odds)}, in points: ${apart}.</p>`
}

function classTable(task: TaskReport, { classes }: TaskResult): Html {
  return html`<table><thead><tr><th>Class</th><th>Images</th><th>Accuracy</th><th>Called so</th></tr></thead><tbody>${classes.map(
    ({ images, correct, predicted }, c) =>
      html`<tr><td>${nameOf(task.classes, c)}</td><td>${images}</td><td>${percent(images ? correct / images : null)}</td><td>${predicted}</td></tr>`,
  )}</tbody></table>`
}

const atOnce = 16 // pictures; the others unfold

function gallery(task: TaskReport, { mistakes, images, correct }: TaskResult): Html | null {
  if (mistakes.length === 0) return null
  const pictures = mistakes.map((mistake) => figure(task, mistake))
  const rest = pictures.slice(atOnce)
  return html`<h3>Mistakes, the most confident first: ${mistakes.length} of ${images - correct}</h3>
<div class="gallery">${pictures.slice(0, atOnce)}</div>${
    rest.length > 0 && html`<details><summary>${rest.length} more</summary><div class="gallery">${rest}</div></details>`
  }`
}

function figure(
  { classes }: TaskReport,
  { image, label, predicted, confidence, picture }: TaskResult['mistakes'][number],
): Html {
  return html`<figure><img src="data:image/jpeg;base64,${picture}" alt="${image}" title="${image}"><figcaption><span class="said">${nameOf(classes, predicted)}</span> ${percent(confidence)} %<br>is ${nameOf(classes, label)}</figcaption></figure>`
}
