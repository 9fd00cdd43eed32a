// A study as a page to keep or to mail: its table, all arms over seeds, how their runs got there, and its definition.
import type { StudyDetail } from '../../../src-main/contract/api/studies.ts'
import { html } from '../../../src-main/contract/markup.ts'
import type { RunDetail } from '../../../src-main/contract/run/run.ts'
import { dash, instant, percent } from '../format.ts'
import type { AxisText } from '../picture/axis.ts'
import { intervalScene } from '../picture/bars.ts'
import { linePicture } from '../picture/lines.ts'
import { armBars, armIntervals } from '../study/bars.ts'
import { armLines, armSentence } from '../study/curves.ts'
import { pairedText, printedOf, printedText, spreadText, studySentence } from '../study/table.ts'
import { type ColourIn, drawn, jsonHtml, pageHtml, tableHtml } from './page.ts'

const share: AxisText = (value, digits = 0) => percent(value, digits)

/** of: the runs whose curves were read. */
export function studyHtml(study: StudyDetail, of: ReadonlyMap<number, RunDetail>, colour: ColourIn): string {
  const bars = armIntervals(armBars(study, 'accuracy'))
  const lines = armLines(study.runs, of, 'accuracy', new Set())
  const look = { smoothing: 0, logX: false, logY: false }
  const spec = {
    lines,
    look,
    x: 'step',
    y: 'mean accuracy, validation',
    yText: share,
    overlaid: true,
    width: 1040,
    height: 360,
  }
  const first = study.table[0]?.arm ?? ''
  return pageHtml(
    `Study ${study.study}: ${study.name}`,
    [
      html`<p class="quiet">${study.state}; ${study.done} of ${study.planned} runs done; begun ${instant(study.created)}</p>`,
      html`<p class="lead">${studySentence(study.table)}</p>`,
      html`<h2>Arms</h2>${tableHtml(
        ['Arm', 'Seeds', 'Accuracy', 'Relative accuracy', 'Control', 'Printed', `To ${first}`, 'p'],
        study.table.map((row) => {
          const paired = pairedText(row.paired)
          const spreads = [row.accuracy, row.relativeAccuracy, row.control].map(spreadText)
          return [
            row.arm,
            row.seeds,
            ...spreads,
            printedText(printedOf(study, row.arm)),
            paired?.difference ?? dash,
            paired?.p ?? dash,
          ]
        }),
      )}<p class="quiet">Mean ± standard deviation over seeds; p of a paired t-test on the seeds that both have.</p>`,
      bars.length > 0 && drawn('Arms over seeds', studySentence(study.table), intervalScene(bars, 900)),
      lines.length > 0 && drawn('Every run by step', armSentence(lines, 'accuracy'), linePicture(spec).scene),
      html`<h2>Runs</h2>${tableHtml(
        ['Arm', '<Part', 'Seed', 'Run', '<State', 'Accuracy'],
        study.runs.map(({ arm, part, seed, run, state, accuracy }) => [
          arm,
          part,
          seed,
          run ?? dash,
          state,
          percent(accuracy),
        ]),
      )}`,
      jsonHtml('Definition', study.definition),
    ],
    colour,
  )
}
