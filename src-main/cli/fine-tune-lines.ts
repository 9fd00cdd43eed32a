// Fine-tunings in words for a terminal.
import { sentence } from '../contract/errors.ts'
import { engineNamed } from '../contract/run/engine-info.ts'
import type { TuningEvent, TuningPlan, TuningStep, TuningSummary } from '../contract/tuning/tuning.ts'
import { duration, percent } from './print.ts'

/** "    3  2026-11-29 17:13  done         tau-jp        tau-jp on Cars  91.2 %" */
export function tuningLine({ tuning, created, state, kind, name, accuracy, steps, of, error }: TuningSummary): string {
  const far = state === 'done' || of === null ? '' : `  ${steps} of ${of} steps`
  const measured = accuracy === null ? '' : `  ${percent(accuracy)}`
  const when = created.slice(0, 16).replace('T', ' ')
  return `${String(tuning).padStart(5)}  ${when}  ${state.padEnd(11)}  ${kind.padEnd(12)}  ${name}${measured}${far}${error ? `  ${error.what}` : ''}`
}

export function planLines({ steps, stepsPerEpoch, learned, parameters, images, ...plan }: TuningPlan): string[] {
  return [
    `${steps} steps, ${stepsPerEpoch} an epoch; ${images.training} learning images, ${images.validation} for validation, ${images.test} for test`,
    `${learned} of ${parameters} numbers are learned`,
    `about ${megabytes(plan.memoryBytes)} of memory, ${megabytes(plan.checkpointBytes)} on disk for a state, of which three are kept at most`,
    ...plan.notes.map((note) => `${note}.`),
    ...plan.warnings.map((warning) => `WARNING: ${warning}`),
  ]
}

const megabytes = (bytes: number): string => `${Math.ceil(bytes / 1e6)} MB`

interface Line {
  text: string
  live: boolean // written over by the next
}

const stays = (text: string): Line => ({ text, live: false })

/** What each event is in words; null: nothing to say. */
export function tuningTeller(now: () => number = () => performance.now()): (event: TuningEvent) => Line | null {
  let [from, of, began] = [0, 0, now()]
  const live = ({ step, loss, rate, images, seconds }: TuningStep): Line => {
    const each = (now() - began) / 1000 / Math.max(1, step + 1 - from)
    const far = `step ${step + 1}/${of}: loss ${loss.toPrecision(4)}, rate ${rate.toPrecision(3)}`
    const left = duration(each * (of - step - 1))
    return {
      text: `  ${far}, ${(images / Math.max(seconds, 1e-6)).toFixed(1)} images/s, about ${left} left`,
      live: true,
    }
  }
  return (event) => {
    switch (event.type) {
      case 'started':
        return stays(`Fine-tuning ${event.tuning}: ${event.name}${event.resumed ? ' (resumed)' : ''}`)
      case 'opened': {
        ;[from, of, began] = [event.from, event.steps, now()]
        const goesOn = event.from > 0 ? `, from step ${event.from}` : ''
        return stays(
          [`  ${engineNamed(event.engine)}${goesOn}`, ...planLines(event).map((line) => `  ${line}`)].join('\n'),
        )
      }
      case 'progress':
        return { text: `  ${event.what}${event.total > 0 ? ` ${event.done}/${event.total}` : ''}`, live: true }
      case 'step':
        return live(event)
      case 'look':
        if (event.accuracy === null) return null
        return stays(
          `  after ${event.steps} steps: validation accuracy ${percent(event.accuracy)}${event.best ? ' (best)' : ''}`,
        )
      case 'note':
        return stays(`  ${event.text}`)
      case 'micro-batch':
        return stays(`  The micro-batch is ${event.to} images instead of ${event.from} from here on: ${event.why}`)
      case 'finished':
        return stays(
          `  on ${event.split} data: ${percent(event.accuracy)}, the pre-trained model has ${percent(event.pretrained)}`,
        )
      case 'engine-lost':
        return stays(`  ${sentence(event.error)}`)
      case 'engine-silent':
        return stays(event.error ? `  ${sentence(event.error)}` : '  The engine answers again, or has ended.')
      case 'ended':
        return stays(endLine(event))
      case 'done': {
        const beside = event.adapter === null ? '' : `\n${event.adapter}: its adapter`
        const told = `Fine-tuning ${event.tuning} done in ${duration(event.seconds)}: ${percent(event.accuracy)} on ${event.split} data`
        return stays(`${told}\n${event.model}${beside}`)
      }
      case 'opening':
        return stays(`  Test data of ${event.task} is opened, which is kept on record.`)
      case 'data':
      case 'state':
      case 'memory':
      case 'written':
        return null
    }
  }
}

/** With what to do next, which an error says itself. */
function endLine({ tuning, state, error }: Extract<TuningEvent, { type: 'ended' }>): string {
  const next = `basil fine-tune --resume ${tuning}`
  return error
    ? `Fine-tuning ${tuning} ${state}. ${sentence(error)} To go on from its last state: ${next}`
    : `Fine-tuning ${tuning} ${state}; its last state is kept. Next: ${next}`
}
