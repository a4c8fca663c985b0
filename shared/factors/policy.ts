/** Who of an organisation must have a second factor. */
export const secondFactorPolicies = ['optional', 'admins', 'everyone'] as const

export type SecondFactorPolicy = (typeof secondFactorPolicies)[number]
