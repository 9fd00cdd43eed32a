// What of a task's images a merge wants to know, of N of them drawn by a seed:
//   inputs     of every linear layer the second moments of its inputs, X'X / rows, (in, in); rows are tokens. own: as
//              the task's fine-tuned model gives them; merged: as the merged layers before it do, and within the layer
//              the fine-tuned model
//   gradients  of every weight sum over batches of (gradient of the batch's log-likelihood)^2 / N, in its own shape
interface OfImages {
  images: number
  seed: number
}

export interface Inputs extends OfImages {
  what: 'inputs'
  of: 'own' | 'merged'
}

export interface Gradients extends OfImages {
  what: 'gradients'
  labels: 'rooted' | 'sampled' | 'observed'
  batch: number
}

export type Wanted = Inputs | Gradients
