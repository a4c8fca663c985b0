export interface paths {
  '/api/docs/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * Read this reference
     * @description The reference of this host's API to read and to try out, with the session of the browser.
     */
    get: operations['getApiDocs']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/mailbox/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * List the mails of the demo
     * @description The mails of this host, newest first; in development and the demo only.
     */
    get: operations['getMailbox']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/mailbox/{id}/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * Get a mail of the demo
     * @description One mail, with its links; in development and the demo only.
     */
    get: operations['getMailboxById']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/openapi.json': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * Get this reference
     * @description The reference of this host's API, made from the routes' declarations by `npm run openapi`.
     */
    get: operations['getOpenapiJson']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/signup/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * Get the terms of signing up
     * @description Whether organisations can be signed up here: `open`, with an operator's `approval`, or `closed`.
     */
    get: operations['getSignup']
    put?: never
    /**
     * Sign an organisation up
     * @description The same answer for every address; the address gets a mail to confirm it. 403 `signup_closed` where it is closed.
     */
    post: operations['postSignup']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/signup/confirmation/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /**
     * Confirm a sign-up
     * @description Creates the organisation, or queues it for an operator's decision. `name` and `subdomain` replace the first ones if they are taken by now. `password_link`, with which the first Admin sets a password, is returned once; another call only reports the state.
     */
    post: operations['postSignupConfirmation']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/signup/lookup/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /**
     * Check the link of a sign-up
     * @description The data for the page behind a sign-up's link; it does not use the link up.
     */
    post: operations['postSignupLookup']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/signup/subdomain/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    /**
     * Check a subdomain
     * @description Whether a subdomain is available; taken, reserved, quarantined and malformed ones get the same answer. With `name`, one is derived from a name.
     */
    get: operations['getSignupSubdomain']
    put?: never
    post?: never
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/tenants/info/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /**
     * Find an organisation
     * @description The organisation finder: returns the portal's address for an organisation's public id or subdomain.
     */
    post: operations['postTenantsInfo']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
  '/api/v1/tenants/info/mail/': {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    get?: never
    put?: never
    /**
     * Mail the own organisations
     * @description The same answer for every address; a user of any organisation gets a mail.
     */
    post: operations['postTenantsInfoMail']
    delete?: never
    options?: never
    head?: never
    patch?: never
    trace?: never
  }
}
export type webhooks = Record<string, never>
export interface components {
  schemas: {
    /** @example {} */
    Empty: Record<string, never>
    /**
     * @example {
     *       "detail": "text",
     *       "code": "text",
     *       "current": {},
     *       "challenge": "text",
     *       "methods": [
     *         "password"
     *       ]
     *     }
     */
    Error: {
      /** @description What went wrong, in English. */
      detail: string
      /** @description Why, for programs; the guide lists all codes. */
      code?: string
      /** @description With 412 only: the resource as it is now. */
      current?: Record<string, never>
      /** @description With `second_factor_required` only: what has to be answered. */
      challenge?: string
      /** @description With `second_factor_required` and `reauthentication_required` only: the ways to go on. */
      methods?: ('password' | 'totp' | 'passkey' | 'recovery_code')[]
    }
    /** @description Messages by field; `non_field_errors` are about several fields. */
    FieldErrors: {
      [key: string]: string[] | string
    }
    /**
     * @example {
     *       "id": "text",
     *       "to": "text",
     *       "subject": "text",
     *       "date": "2026-11-29T09:30:00.000Z",
     *       "text": "text",
     *       "html": "text",
     *       "links": [
     *         "text"
     *       ]
     *     }
     */
    KeptMail: {
      id: string
      to: string
      subject: string
      /** Format: date-time */
      date: string
      text?: string
      html?: string
      links?: string[]
    }
    /**
     * @example {
     *       "state": "unconfirmed",
     *       "name": "Acme Ltd",
     *       "subdomain": "acme",
     *       "url": "https://acme.example.com/",
     *       "password_link": "https://acme.example.com/"
     *     }
     */
    SignupProgress: {
      state: components['schemas']['SignupState']
      name: string
      subdomain: string
      url: string | null
      password_link: string | null
    }
    /** @enum {string} */
    SignupState: 'unconfirmed' | 'expired' | 'waiting' | 'made' | 'refused'
    /**
     * @example {
     *       "policy": "open",
     *       "base_domain": "staff.example.org",
     *       "mailbox": true
     *     }
     */
    SignupTerms: {
      /** @enum {string} */
      policy: 'open' | 'approval' | 'closed'
      base_domain: string
      mailbox: boolean
    }
    /**
     * @example {
     *       "subdomain": "acme",
     *       "available": true,
     *       "suggestion": "text"
     *     }
     */
    Subdomain: {
      subdomain: string
      available: boolean
      suggestion: string | null
    }
    /**
     * @example {
     *       "name": "Acme Ltd",
     *       "subdomain": "acme",
     *       "url": "https://acme.example.com/"
     *     }
     */
    TenantInfo: {
      name: string
      subdomain: string
      url: string
    }
  }
  responses: {
    /** @description The input breaks a rule: messages by field, in English. */
    Invalid: {
      headers: {
        [name: string]: unknown
      }
      content: {
        /**
         * @example {
         *       "email": [
         *         "Enter a valid email address."
         *       ]
         *     }
         */
        'application/json': components['schemas']['FieldErrors']
      }
    }
    /** @description The caller may not do this, or the organisation is suspended. */
    Forbidden: {
      headers: {
        [name: string]: unknown
      }
      content: {
        /**
         * @example {
         *       "detail": "You do not have permission to perform this action."
         *     }
         */
        'application/json': components['schemas']['Error']
      }
    }
    /** @description It does not exist, or belongs to somebody else. */
    NotFound: {
      headers: {
        [name: string]: unknown
      }
      content: {
        /**
         * @example {
         *       "detail": "Not found."
         *     }
         */
        'application/json': components['schemas']['Error']
      }
    }
    /** @description The current state does not allow it; `code` says why. */
    Conflict: {
      headers: {
        [name: string]: unknown
      }
      content: {
        /**
         * @example {
         *       "detail": "The last active Admin cannot be demoted, deactivated or deleted.",
         *       "code": "last_admin"
         *     }
         */
        'application/json': components['schemas']['Error']
      }
    }
    /** @description The body is larger than the limit. */
    TooLarge: {
      headers: {
        [name: string]: unknown
      }
      content: {
        /**
         * @example {
         *       "detail": "Request body is too large."
         *     }
         */
        'application/json': components['schemas']['Error']
      }
    }
    /** @description The body has another content type. */
    UnsupportedMediaType: {
      headers: {
        [name: string]: unknown
      }
      content: {
        /**
         * @example {
         *       "detail": "Unsupported media type \"text/plain\" in request."
         *     }
         */
        'application/json': components['schemas']['Error']
      }
    }
    /** @description A limit was reached; `Retry-After` says for how many seconds. */
    Throttled: {
      headers: {
        [name: string]: unknown
      }
      content: {
        /**
         * @example {
         *       "detail": "Request was throttled. Expected available in 60 seconds."
         *     }
         */
        'application/json': components['schemas']['Error']
      }
    }
    /** @description The database or the server is busy, or the organisation is in maintenance; try again later. */
    Unavailable: {
      headers: {
        [name: string]: unknown
      }
      content: {
        /**
         * @example {
         *       "detail": "Service temporarily unavailable, try again later.",
         *       "code": "unavailable"
         *     }
         */
        'application/json': components['schemas']['Error']
      }
    }
  }
  parameters: never
  requestBodies: never
  headers: never
  pathItems: never
}
export type $defs = Record<string, never>
export interface operations {
  getApiDocs: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          'text/html': string
        }
      }
      400: components['responses']['Invalid']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  getMailbox: {
    parameters: {
      query?: {
        /** @description The page, from 1. */
        page?: string
        /** @description Rows on a page, at most 100; 25 by default. */
        page_size?: string
        /** @description Words that occur in to, subject. */
        search?: string
        /** @description The fields to order by, separated by commas; with a minus, in descending order. */
        ordering?: string
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "count": 1,
           *       "next": "https://acme.example.com/",
           *       "previous": "https://acme.example.com/",
           *       "results": [
           *         {
           *           "id": "text",
           *           "to": "text",
           *           "subject": "text",
           *           "date": "2026-11-29T09:30:00.000Z",
           *           "text": "text",
           *           "html": "text",
           *           "links": [
           *             "text"
           *           ]
           *         }
           *       ]
           *     }
           */
          'application/json': {
            count: number
            next: string | null
            previous: string | null
            results: components['schemas']['KeptMail'][]
          }
        }
      }
      400: components['responses']['Invalid']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  getMailboxById: {
    parameters: {
      query?: never
      header?: never
      path: {
        id: string
      }
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "id": "text",
           *       "to": "text",
           *       "subject": "text",
           *       "date": "2026-11-29T09:30:00.000Z",
           *       "text": "text",
           *       "html": "text",
           *       "links": [
           *         "text"
           *       ]
           *     }
           */
          'application/json': components['schemas']['KeptMail']
        }
      }
      400: components['responses']['Invalid']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  getOpenapiJson: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "openapi": "text"
           *     }
           */
          'application/json': {
            openapi: string
          } & {
            [key: string]: unknown
          }
        }
      }
      400: components['responses']['Invalid']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  getSignup: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "policy": "open",
           *       "base_domain": "staff.example.org",
           *       "mailbox": true
           *     }
           */
          'application/json': components['schemas']['SignupTerms']
        }
      }
      400: components['responses']['Invalid']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  postSignup: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        /**
         * @example {
         *       "name": "Acme Ltd",
         *       "subdomain": "acme",
         *       "email": "ann@example.com",
         *       "first_name": "Ann",
         *       "last_name": "Archer",
         *       "language": "en"
         *     }
         */
        'application/json': {
          name: string
          subdomain: string
          email: string
          first_name?: string
          last_name?: string
          /**
           * @default en
           * @enum {string}
           */
          language?: 'en' | 'ar'
        }
      }
    }
    responses: {
      /** @description Accepted. */
      202: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /** @example {} */
          'application/json': components['schemas']['Empty']
        }
      }
      400: components['responses']['Invalid']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      413: components['responses']['TooLarge']
      415: components['responses']['UnsupportedMediaType']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  postSignupConfirmation: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        /**
         * @example {
         *       "token": "eyJhbGciOiJFZERTQSJ9.eyJ0eXAiOiJhY2Nlc3MifQ.c2lnbmF0dXJl",
         *       "name": "Acme Ltd",
         *       "subdomain": "acme"
         *     }
         */
        'application/json': {
          token: string
          name?: string
          subdomain?: string
        }
      }
    }
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "state": "unconfirmed",
           *       "name": "Acme Ltd",
           *       "subdomain": "acme",
           *       "url": "https://acme.example.com/",
           *       "password_link": "https://acme.example.com/"
           *     }
           */
          'application/json': components['schemas']['SignupProgress']
        }
      }
      400: components['responses']['Invalid']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      413: components['responses']['TooLarge']
      415: components['responses']['UnsupportedMediaType']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  postSignupLookup: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        /**
         * @example {
         *       "token": "eyJhbGciOiJFZERTQSJ9.eyJ0eXAiOiJhY2Nlc3MifQ.c2lnbmF0dXJl"
         *     }
         */
        'application/json': {
          token: string
        }
      }
    }
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "state": "unconfirmed",
           *       "name": "Acme Ltd",
           *       "subdomain": "acme",
           *       "url": "https://acme.example.com/",
           *       "password_link": "https://acme.example.com/"
           *     }
           */
          'application/json': components['schemas']['SignupProgress']
        }
      }
      400: components['responses']['Invalid']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      413: components['responses']['TooLarge']
      415: components['responses']['UnsupportedMediaType']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  getSignupSubdomain: {
    parameters: {
      query?: {
        name?: string
        subdomain?: string
      }
      header?: never
      path?: never
      cookie?: never
    }
    requestBody?: never
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "subdomain": "acme",
           *       "available": true,
           *       "suggestion": "text"
           *     }
           */
          'application/json': components['schemas']['Subdomain']
        }
      }
      400: components['responses']['Invalid']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  postTenantsInfo: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        /**
         * @example {
         *       "tenant_id": "text",
         *       "subdomain": "acme"
         *     }
         */
        'application/json': {
          tenant_id?: string
          subdomain?: string
        }
      }
    }
    responses: {
      /** @description Success. */
      200: {
        headers: {
          [name: string]: unknown
        }
        content: {
          /**
           * @example {
           *       "name": "Acme Ltd",
           *       "subdomain": "acme",
           *       "url": "https://acme.example.com/"
           *     }
           */
          'application/json': components['schemas']['TenantInfo']
        }
      }
      400: components['responses']['Invalid']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      413: components['responses']['TooLarge']
      415: components['responses']['UnsupportedMediaType']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
  postTenantsInfoMail: {
    parameters: {
      query?: never
      header?: never
      path?: never
      cookie?: never
    }
    requestBody: {
      content: {
        /**
         * @example {
         *       "email": "ann@example.com",
         *       "language": "en"
         *     }
         */
        'application/json': {
          email: string
          /**
           * @default en
           * @enum {string}
           */
          language?: 'en' | 'ar'
        }
      }
    }
    responses: {
      /** @description Done. */
      204: {
        headers: {
          [name: string]: unknown
        }
        content?: never
      }
      400: components['responses']['Invalid']
      403: components['responses']['Forbidden']
      404: components['responses']['NotFound']
      409: components['responses']['Conflict']
      413: components['responses']['TooLarge']
      415: components['responses']['UnsupportedMediaType']
      429: components['responses']['Throttled']
      503: components['responses']['Unavailable']
    }
  }
}
