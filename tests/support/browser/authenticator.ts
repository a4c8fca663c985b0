import type { BrowserContext, CDPSession, Page } from 'playwright-core'

/** A virtual authenticator of a page, like the fingerprint reader of a laptop. */
export interface BrowserAuthenticator {
  count(): Promise<number>
  /** Whether its user shows a finger that it knows. */
  verify(isVerified: boolean): Promise<void>
}

/** Adds one to a page, for which it stays over navigations. */
export async function addAuthenticator(context: BrowserContext, page: Page): Promise<BrowserAuthenticator> {
  const devtools = await context.newCDPSession(page)
  await devtools.send('WebAuthn.enable')
  const { authenticatorId } = await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  return {
    count: async () => (await credentialsOf(devtools, authenticatorId)).length,
    verify: async isUserVerified => {
      await devtools.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified })
    },
  }
}

async function credentialsOf(devtools: CDPSession, authenticatorId: string) {
  return (await devtools.send('WebAuthn.getCredentials', { authenticatorId })).credentials
}
