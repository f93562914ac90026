<?php
// composer require firebase/php-jwt
require __DIR__ . '/vendor/autoload.php';

use Firebase\JWT\JWT;

function userToken(string $userId, string $privateKeyPem): string
{
    $now = time();
    $claims = ['sub' => $userId, 'aud' => '{{audience}}', 'iat' => $now, 'exp' => $now + 3600];
    return JWT::encode($claims, $privateKeyPem, 'RS256');
}

$privateKeyPem = file_get_contents(getenv('HALLPASS_SIGNING_KEY_FILE'));
echo userToken($argv[1], $privateKeyPem), PHP_EOL;
