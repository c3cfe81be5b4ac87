/**
 * Client of Pointsman, which routes each request to the language model that should answer it.
 *
 * <p>Begin at {@link dev.pointsman.client.PointsmanClient}. The messages are those of the contract,
 * {@code pointsman.v1}, generated into {@code dev.pointsman.v1}.
 */
package dev.pointsman.client;
