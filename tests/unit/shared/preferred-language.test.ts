import { describe, expect, test } from 'vitest'
import { preferredLanguage } from '#shared/preferred-language.ts'

describe('the language of ours that an Accept-Language header asks for', () => {
  test.each([
    ['', 'en'],
    ['ar', 'ar'],
    ['AR-eg', 'ar'],
    ['en-GB,en;q=0.9,ar;q=0.8', 'en'],
    ['ar-EG,ar;q=0.9,en;q=0.8', 'ar'],
    ['fr-FR,fr;q=0.9,ar;q=0.5,en;q=0.3', 'ar'],
    ['fr,de;q=0.5', 'en'],
    ['arn', 'en'],
  ])('is the first that it names: %j', expectLanguage)

  test.each([
    ['en;q=0.4,ar;q=0.5', 'ar'],
    ['ar;q=0.4,en;q=0.5', 'en'],
    ['ar;q=0.001,en;q=0.002', 'en'],
    ['ar ; q=0.4 , en ; Q=0.5', 'en'],
    ['en;q=0.4,ar-EG;q=0.3,ar;q=0.9', 'ar'],
  ])('is the one with the greater weight: %j', expectLanguage)

  test.each([
    ['ar,en', 'ar'],
    ['en,ar', 'en'],
    ['ar;q=0.5,en;q=0.5', 'ar'],
    ['fr,en;q=0.5,ar;q=0.5', 'en'],
  ])('is the one that comes first where weights are the same: %j', expectLanguage)

  test.each([
    ['ar;q=0,en', 'en'],
    ['ar;q=0', 'en'],
    ['ar;q=0.000,*', 'en'],
    ['en;q=0', 'ar'],
    ['en;q=0,fr', 'ar'],
    ['en;q=0,ar;q=0', 'en'],
  ])('is none of weight 0, while there is another: %j', expectLanguage)

  test.each([
    ['*', 'en'],
    ['en;q=0,*', 'ar'],
    ['en;q=0.5,*', 'ar'],
    ['en;q=0.5,*;q=0.4', 'en'],
    ['ar;q=0.5,*;q=0.8', 'en'],
    ['ar,*;q=0', 'ar'],
    ['*;q=0,ar;q=0.1', 'ar'],
  ])('may be any that it does not name, for a star: %j', expectLanguage)

  test.each([
    ['ar;q=2,en', 'en'],
    ['ar;q=one,en;q=0.1', 'en'],
    ['ar;q=-1,en;q=0.1', 'en'],
    ['ar;level=1,en;q=0.1', 'en'],
    [',,;;q=1,ar', 'ar'],
    [`${'x,'.repeat(5_000)}ar`, 'en'],
  ])('is not one whose weight is no weight: %.40j', expectLanguage)
})

function expectLanguage(header: string, language: string): void {
  expect(preferredLanguage(header)).toBe(language)
}
