// Which of theme.css' colours a stage, an arm or a run is drawn in: six hues, after which they come again dashed.
const hues = 6

/** The variable of an iteration's colour; 0 is the start. */
export function iterationVariable(stage: number): string {
  return `iteration-${stage === 0 ? 0 : ((stage - 1) % hues) + 1}`
}

/** Dashes tell iterations apart once the colours repeat. */
export function iterationDash(stage: number): number[] {
  return stage > hues ? [6, 3] : []
}
