// .NET alone, 6 or later: dotnet run user-1
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

var file = Environment.GetEnvironmentVariable("HALLPASS_SIGNING_KEY_FILE")!;
Console.WriteLine(UserToken(args[0], File.ReadAllText(file)));

static string UserToken(string userId, string privateKeyPem)
{
    using var key = RSA.Create();
    key.ImportFromPem(privateKeyPem);
    var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
    var header = new { alg = "RS256", typ = "JWT" };
    var claims = new { sub = userId, aud = "{{audience}}", iat = now, exp = now + 3600 };
    var signed = Encoded(JsonSerializer.SerializeToUtf8Bytes(header))
        + "." + Encoded(JsonSerializer.SerializeToUtf8Bytes(claims));
    var signature = key.SignData(
        Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
    return signed + "." + Encoded(signature);
}

static string Encoded(byte[] bytes) =>
    Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');
