/** The kinds of operations; server/domain/operations/kinds.ts implements them. */
export const operationKinds = ['export', 'restore', 'clone', 'purge', 'rotation', 'migration'] as const
export type OperationKind = (typeof operationKinds)[number]

export const operationStates = ['queued', 'running', 'done', 'failed'] as const
export type OperationState = (typeof operationStates)[number]

/** Why an operation ends early: an operator has paused it, or has interrupted the command line that runs it. */
export const operationStops = ['pause', 'interrupt'] as const
export type OperationStop = (typeof operationStops)[number]
